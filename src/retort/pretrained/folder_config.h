// Reads the configuration of a model folder from config.json or bert_config.json.
#pragma once

#include <string>

#include "retort/base/file.h"
#include "retort/model/model.h"

namespace retort::pretrained {

// Reads config.json, or bert_config.json if there is none. Throws UserError when neither exists, when it is invalid, or
// when the folder holds only an adapter.
model::ModelConfig read_folder_config(const fs::path& folder);

// Returns the configuration that `--config_file` names: a JSON file, or that of a model folder or hub name.
model::ModelConfig read_named_config(const std::string& name);

// Returns the class that the configuration names, for example BertForQuestionAnswering; "" for none.
std::string architecture_of_config(const model::ModelConfig& config);

// Returns its head; kNone for an unknown one.
model::Head head_of_config(const model::ModelConfig& config);

}  // namespace retort::pretrained
