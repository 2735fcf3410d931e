// Model folders by the names that the Hugging Face hub gives them.
#pragma once

#include <string>

#include "retort/base/file.h"

namespace retort::pretrained {

// The folder that `model` names: itself, that of a file of weights, or its newest snapshot in the hub cache
// (HF_HUB_CACHE, HF_HOME). Throws UserError that lists where it looked.
fs::path resolve_model_folder(const std::string& model);

}  // namespace retort::pretrained
