// Finds model folders by their names on the Hugging Face hub.
#pragma once

#include <string>

#include "retort/base/file.h"

namespace retort::pretrained {

// Returns the folder `model` itself, the folder of a file of weights, or the newest snapshot in the hub cache
// (HF_HUB_CACHE, HF_HOME). Throws UserError that lists the folders searched.
fs::path resolve_model_folder(const std::string& model);

}  // namespace retort::pretrained
