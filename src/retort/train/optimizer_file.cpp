#include "retort/train/optimizer_file.h"

#include <charconv>
#include <cstring>

#include "retort/base/error.h"
#include "retort/checkpoint/safetensors.h"
#include "retort/kernel/host_copy.h"

namespace retort::train {

namespace {

std::span<const std::byte> bytes_of(const at::Tensor& values) {
  return {static_cast<const std::byte*>(values.data_ptr()), static_cast<size_t>(values.numel()) * sizeof(float)};
}

// The values in host memory, which `kept` holds where they are a copy.
std::span<const std::byte> host_bytes(const at::Tensor& values, at::Tensor& kept) {
  kept = values.cpu();
  return bytes_of(kept);
}

}  // namespace

void save_optimizer(const fs::path& checkpoint, const optim::Optimizer& optimizer, MomentCollector* collector) {
  std::vector<checkpoint::NamedTensor> tensors;
  std::map<std::string, at::Tensor> values;
  for (const optim::Moment& moment : optimizer.moments()) {
    tensors.push_back({moment.name, checkpoint::Dtype::kF32, moment.values.sizes().vec(), bytes_of(moment.values)});
    values[moment.name] = moment.values;
  }
  at::Tensor kept;
  checkpoint::write_safetensors(
      checkpoint / kOptimizerFile, tensors, {{"step_count", std::to_string(optimizer.step_count())}},
      [&](const checkpoint::NamedTensor& tensor) {
        return host_bytes(collector == nullptr ? values.at(tensor.name) : collector->next(tensor.name), kept);
      });
}

void load_optimizer(const fs::path& checkpoint, optim::Optimizer& optimizer) {
  const fs::path path = checkpoint / kOptimizerFile;
  const checkpoint::SafetensorsFile file(path);
  std::map<std::string, const checkpoint::NamedTensor*> found;
  for (const auto& tensor : file.tensors()) found[tensor.name] = &tensor;
  for (const optim::Moment& moment : optimizer.moments()) {
    const auto tensor = found.find(moment.name);
    if (tensor == found.end())
      throw UserError("`{}` must hold the moment `{}`, but does not: it belongs to another model or optimizer",
                      path.string(), moment.name);
    if (tensor->second->shape != moment.values.sizes().vec() || tensor->second->dtype != checkpoint::Dtype::kF32)
      throw UserError(
          "`{}`: moment `{}` must have the shape of its parameter, but has another: it belongs to another model",
          path.string(), moment.name);
    kernel::edit_on_host(moment.values, [&](std::span<float> values) {
      std::memcpy(values.data(), tensor->second->bytes.data(), tensor->second->bytes.size());
    });
  }
  const auto count = file.metadata().find("step_count");
  if (count == file.metadata().end())
    throw UserError("`{}` must state `step_count`, but does not: it was not written by this program", path.string());
  int64_t step_count = -1;
  const std::string& text = count->second;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), step_count);
  if (failure != std::errc() || end != text.data() + text.size() || step_count < 0)
    throw UserError("`step_count` in `{}` must be a whole number from 0, but is `{}`; resume from another checkpoint",
                    path.string(), text);
  optimizer.restore(step_count);
}

}  // namespace retort::train
