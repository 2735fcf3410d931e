// Reads and writes the projection between the hidden sizes of a student and a teacher
// (model::ModelOptions::projection_width) in its own file in the student's folder: project.safetensors, or project.bin
// of the published programs.
#pragma once

#include <optional>

#include "retort/base/file.h"
#include "retort/checkpoint/named_tensor.h"
#include "retort/model/model.h"

namespace retort::pretrained {

bool is_projection_parameter(const kernel::NamedSlice& slice);

// Returns whether an earlier stage saved a projection in the folder.
bool has_projection(const fs::path& folder);
// Fills the projection of a model that has one from the folder. Without a file it gets random weights from `seed`, or,
// without `seed`, throws UserError. Throws UserError for other shapes in the file.
void load_projection(model::Model& model, const fs::path& folder, std::optional<uint64_t> seed);
// Writes project.safetensors when the model has a projection.
void save_projection(const fs::path& folder, const model::Model& model);
// Removes the projection of an earlier run from the folder when the model has none.
void remove_old_projection(const fs::path& folder, const model::Model& model);

// Returns a view of one parameter in `values` (ParameterStore::host_values) as a tensor for a file.
checkpoint::NamedTensor tensor_for_file(const at::Tensor& values, const kernel::NamedSlice& slice);

}  // namespace retort::pretrained
