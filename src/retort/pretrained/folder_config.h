// The configuration of a model folder, under either of the names that it is published with.
#pragma once

#include <string>

#include "retort/base/file.h"
#include "retort/model/model.h"

namespace retort::pretrained {

// config.json, else bert_config.json. Throws UserError when there is none, when it is wrong, or when the folder holds
// an adapter, which is a part of another model.
model::ModelConfig read_folder_config(const fs::path& folder);

// The configuration that `--config_file` names: a JSON file, or a model folder or hub name.
model::ModelConfig read_named_config(const std::string& name);

// The class that the configuration names, for example BertForQuestionAnswering; "": none.
std::string architecture_of_config(const model::ModelConfig& config);

// Its head; kNone for one that is not known here.
model::Head head_of_config(const model::ModelConfig& config);

}  // namespace retort::pretrained
