// Reads `config.json`.
#pragma once

#include <string>

#include "retort/model/config.h"

namespace retort::model {

// Reads and checks `config.json`; `subject` is its path for messages. Throws one UserError that lists every problem:
// missing model_type, unsupported architecture, heads that do not divide the hidden size, sizes that are not positive
// or absurdly large, unknown activation, fields that require an unsupported computation (config_fields.h).
ModelConfig config_from_json(const Json& json, const std::string& subject);

}  // namespace retort::model
