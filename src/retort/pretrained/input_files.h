// Checks that a command does not overwrite its own inputs.
#pragma once

#include <string>

#include "retort/base/file.h"
#include "retort/base/json.h"

namespace retort::pretrained {

// Returns the folder or file that `model` names; empty for a preset and for a missing one, which load_model reports.
fs::path maybe_model_folder(const std::string& model);

// Throws UserError when the command would write an input file of the settings (training data, vocabulary, ...) in
// `output_dir`, also when the two have different paths.
void check_does_not_overwrite_inputs(const fs::path& output_dir, const Json& settings);

// Throws UserError when an input of the settings, or the model, lies in a folder that --overwrite_output_dir renames.
void check_does_not_move_inputs(const fs::path& output_dir, const Json& settings);

}  // namespace retort::pretrained
