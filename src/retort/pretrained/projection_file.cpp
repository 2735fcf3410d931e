#include "retort/pretrained/projection_file.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/checkpoint/dialects.h"
#include "retort/checkpoint/safetensors.h"
#include "retort/checkpoint/weights.h"

namespace retort::pretrained {

namespace {

constexpr const char* kFile = "project.safetensors";
constexpr const char* kTorchFile = "project.bin";

std::vector<const kernel::NamedSlice*> projection_of(const model::Model& model) {
  std::vector<const kernel::NamedSlice*> slices;
  for (const auto& slice : model.parameters().slices())
    if (is_projection_parameter(slice)) slices.push_back(&slice);
  return slices;
}

void read_projection(model::Model& model, const fs::path& file) {
  const checkpoint::WeightFiles files = checkpoint::open_weights(file);
  std::vector<std::string> wanted, found;
  for (const auto* slice : projection_of(model)) wanted.push_back(slice->name);
  for (const auto& tensor : files.tensors()) found.push_back(tensor.name);
  const checkpoint::NameMatches matches = checkpoint::match_names(wanted, found, "bert", file.string());
  if (!matches.missing.empty())
    throw UserError("`{}` must hold `{}`, but does not; remove the file to initialize the projection again",
                    file.string(), matches.missing.front());
  model.parameters().edit_values([&](float* values) {
    for (const auto& match : matches.matches) {
      const kernel::NamedSlice& slice = *model.parameters().find(match.wanted);
      const checkpoint::NamedTensor& tensor = files.tensors()[match.file_index];
      if (tensor.shape != slice.shape)
        throw UserError(
            "`{}`: tensor `{}` must have the shape {} for this student and teacher, but has {}; remove the file to "
            "initialize the projection again",
            file.string(), tensor.name, checkpoint::shape_text(slice.shape), checkpoint::shape_text(tensor.shape));
      checkpoint::to_finite_float32(tensor, {values + slice.offset, static_cast<size_t>(slice.element_count)},
                                    file.string());
    }
  });
}

// Returns whether retort wrote the file, which then holds only the projection; other programs may use the same name.
bool is_written_here(const fs::path& file) {
  std::error_code failure;
  if (fs::symlink_status(file, failure).type() != fs::file_type::regular) return false;
  try {
    const checkpoint::SafetensorsFile content(file);
    return !content.tensors().empty() && std::ranges::all_of(content.tensors(), [](const auto& tensor) {
      return tensor.name.starts_with(model::kProjection);
    });
  } catch (const UserError&) {
    return false;
  }
}

}  // namespace

bool is_projection_parameter(const kernel::NamedSlice& slice) { return slice.name.starts_with(model::kProjection); }

bool has_projection(const fs::path& folder) { return fs::exists(folder / kFile) || fs::exists(folder / kTorchFile); }

void load_projection(model::Model& model, const fs::path& folder, std::optional<uint64_t> seed) {
  if (projection_of(model).empty()) return;
  const fs::path file = folder / (fs::exists(folder / kFile) ? kFile : kTorchFile);
  if (fs::exists(file)) {
    read_projection(model, file);
  } else if (seed) {
    log_info("`{}` has no projection to the teacher's hidden size; it gets random weights", folder.string());
    for (const auto* slice : projection_of(model))
      model.parameters().initialize(*slice, *seed, model.config().initializer_range);
  } else {
    throw UserError(
        "`{}` must hold the projection to the teacher's hidden size, but does not exist; resume from another "
        "checkpoint",
        (folder / kFile).string());
  }
  model.parameters().refresh_operands();
}

void save_projection(const fs::path& folder, const model::Model& model) {
  std::vector<checkpoint::NamedTensor> tensors;
  const at::Tensor values = model.parameters().host_values();
  for (const auto* slice : projection_of(model)) tensors.push_back(tensor_for_file(values, *slice));
  if (!tensors.empty()) checkpoint::write_safetensors(folder / kFile, tensors);
}

void remove_old_projection(const fs::path& folder, const model::Model& model) {
  if (projection_of(model).empty() && is_written_here(folder / kFile)) fs::remove(folder / kFile);
}

checkpoint::NamedTensor tensor_for_file(const at::Tensor& values, const kernel::NamedSlice& slice) {
  const auto* bytes = reinterpret_cast<const std::byte*>(values.data_ptr<float>() + slice.offset);
  return {slice.name,
          checkpoint::Dtype::kF32,
          slice.shape,
          {bytes, static_cast<size_t>(slice.element_count) * sizeof(float)}};
}

}  // namespace retort::pretrained
