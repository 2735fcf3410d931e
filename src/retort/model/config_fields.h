// What becomes of each field of config.json that `transformers` (4.46 to 5.x) knows for BERT and DistilBERT: read here,
// of no effect on what is computed, or refused unless it has the value that asks for nothing. One table, with reasons.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retort/base/json.h"

namespace retort::model {

enum class FieldUse {
  kRead,      // config_from_json takes it, config_to_json writes it (or leaves it out with what it stands for)
  kHarmless,  // changes no number that is computed here; kept as it is
  kFixed,     // asks for a computation that is not done here, unless it has its one allowed value
};

struct ConfigField {
  std::string_view name;
  FieldUse use = FieldUse::kHarmless;
  std::string_view reason;        // why it is harmless, or what follows from another value and what to do then
  std::string_view allowed = {};  // kFixed: the value, as JSON; null and an empty object or list always pass
};

// The whole table.
std::span<const ConfigField> config_fields();
// The row of a field; null for one that transformers does not know either, which is kept and changes nothing.
const ConfigField* maybe_config_field(std::string_view name);

// One sentence for each field of kFixed that has another value. `subject` is the file.
std::vector<std::string> find_refused_fields(const Json& json, const std::string& subject);

}  // namespace retort::model
