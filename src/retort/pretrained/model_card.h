// Writes README.md of a model folder: the model, its settings and scores.
#pragma once

#include <string>

#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/model/model.h"

namespace retort::pretrained {

void save_model_card(const fs::path& folder, const model::Model& model, const std::string& task, const Json& settings,
                     const Json& scores);

}  // namespace retort::pretrained
