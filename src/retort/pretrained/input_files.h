// What a command reads, so that nothing of it is in the way of what the command writes.
#pragma once

#include <string>

#include "retort/base/file.h"
#include "retort/base/json.h"

namespace retort::pretrained {

// The folder or file that `model` names; empty for a preset and where there is none, which others tell of.
fs::path maybe_model_folder(const std::string& model);

// Throws UserError where a file that the settings name as input (training data, vocabulary, ...) is one that the
// command writes into `output_dir`, under this or another name.
void check_spares_inputs(const fs::path& output_dir, const Json& settings);

// Throws UserError where an input of the settings, or the model, lies in what --overwrite_output_dir sets aside.
void check_is_not_set_aside(const fs::path& output_dir, const Json& settings);

}  // namespace retort::pretrained
