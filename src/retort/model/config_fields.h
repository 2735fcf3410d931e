// How each field of config.json that `transformers` (4.46 to 5.x) defines for BERT and DistilBERT is treated: read,
// ignored because it does not affect the computation, or rejected unless it has its neutral value. One table, with
// reasons.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retort/base/json.h"

namespace retort::model {

enum class FieldUse {
  kRead,     // config_from_json reads it, config_to_json writes it (or omits it at its default)
  kIgnored,  // does not affect the computation; kept unchanged
  kFixed,    // requires an unsupported computation, unless it has its one allowed value
};

struct ConfigField {
  std::string_view name;
  FieldUse use = FieldUse::kIgnored;
  std::string_view reason;        // why it is ignored, or why other values are rejected and what to do then
  std::string_view allowed = {};  // kFixed: the value, as JSON; null, {} and [] are always allowed
};

// The whole table.
std::span<const ConfigField> config_fields();
// The entry of a field; null for a field that transformers does not define either, which is kept and has no effect.
const ConfigField* maybe_config_field(std::string_view name);

// One sentence per kFixed field with another value. `subject` is the file.
std::vector<std::string> find_refused_fields(const Json& json, const std::string& subject);

}  // namespace retort::model
