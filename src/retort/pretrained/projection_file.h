// The projection between the widths of a student and a teacher (model::ModelOptions::projection_width) in its own file
// beside the student's weights: project.safetensors, or project.bin as the published programs wrote it.
#pragma once

#include <optional>

#include "retort/base/file.h"
#include "retort/checkpoint/named_tensor.h"
#include "retort/model/model.h"

namespace retort::pretrained {

bool is_of_projection(const kernel::NamedSlice& slice);

// Whether a stage before has left one in the folder.
bool has_projection(const fs::path& folder);
// Fills the projection of a model that has one from the folder. Without a file it starts random from `seed`, or, where
// there is none, throws UserError; so it does when the file's shapes are others.
void load_projection(model::Model& model, const fs::path& folder, std::optional<uint64_t> seed);
// Writes project.safetensors when the model has a projection.
void save_projection(const fs::path& folder, const model::Model& model);
// Removes a projection that an earlier run left in the folder, when the model has none.
void drop_older_projection(const fs::path& folder, const model::Model& model);

// One parameter as files take it; a view of the values.
checkpoint::NamedTensor tensor_for_file(const kernel::ParameterStore& parameters, const kernel::NamedSlice& slice);

}  // namespace retort::pretrained
