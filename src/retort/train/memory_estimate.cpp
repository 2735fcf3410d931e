#include "retort/train/memory_estimate.h"

#include <fmt/format.h>

#include <algorithm>

#include "retort/base/memory.h"
#include "retort/kernel/device.h"
#include "retort/kernel/open_device.h"

namespace retort::train {

namespace {

std::optional<kernel::DeviceMemory> maybe_device_memory() {
  const kernel::DeviceLibrary* library = kernel::device_library();
  if (library == nullptr || library->memory == nullptr) return std::nullopt;
  return library->memory(std::max<int64_t>(0, kernel::device().index()));
}

}  // namespace

// The processor's allocator keeps freed blocks up to a quarter of its peak.
void MemoryEstimate::set_activations(const TrainUnit& unit, int64_t tokens) {
  activations = unit.activation_bytes(tokens);
  if (kernel::device().is_cpu()) activations += activations / 4;
}

MemoryEstimate estimate_memory(const TrainUnit& unit, const kernel::ParameterStore& parameters,
                               const EstimateInputs& inputs) {
  MemoryEstimate estimate{
      .parameters = static_cast<int64_t>(parameters.values().nbytes()),
      .copies = parameters.copies().defined() ? static_cast<int64_t>(parameters.copies().nbytes()) : 0,
      .gradients = static_cast<int64_t>(parameters.gradients().nbytes()),
      .moments = 2 * static_cast<int64_t>(parameters.values().nbytes()) / inputs.shards};
  estimate.set_activations(unit, inputs.largest_micro_batch);
  // On the processor, gradients and moments take memory when they are first written; on a device they have it.
  int64_t counted = estimate.parameters + estimate.copies;
  if (!kernel::device().is_cpu())
    counted = estimate.fixed();
  else if (inputs.has_loaded_moments)
    counted += estimate.moments;
  estimate.other = std::max<int64_t>(0, inputs.resident_bytes - counted);
  return estimate;
}

int64_t resident_memory_of_process(const std::filesystem::path& root) {
  if (kernel::device().is_cpu()) return maybe_resident_memory(root).value_or(0);
  const auto memory = maybe_device_memory();
  return memory ? memory->total_bytes - memory->free_bytes : 0;
}

// Processes of one machine share its memory. Of a device, another process may have a part; it stays among the other.
std::optional<int64_t> maybe_memory_of_process(const ProcessGroup& group, int64_t resident_bytes,
                                               const std::filesystem::path& root) {
  if (!kernel::device().is_cpu()) {
    const auto memory = maybe_device_memory();
    return memory ? std::optional(memory->total_bytes) : std::nullopt;
  }
  const auto available = maybe_available_memory(root);
  return available ? std::optional(*available / group.sharing_cpus() + resident_bytes) : std::nullopt;
}

std::string memory_line(const MemoryEstimate& estimate, int64_t available, int64_t largest_micro_batch) {
  return fmt::format(
      "memory: training needs about {} of {}: parameters {}, gradients {}, moments {}, activations of {} tokens {}, "
      "other {}",
      memory_text(estimate.total()), memory_text(available), memory_text(estimate.parameters + estimate.copies),
      memory_text(estimate.gradients), memory_text(estimate.moments), largest_micro_batch,
      memory_text(estimate.activations), memory_text(estimate.other));
}

}  // namespace retort::train
