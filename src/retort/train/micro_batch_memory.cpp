#include "retort/train/micro_batch_memory.h"

#include <algorithm>
#include <new>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/kernel/device.h"
#include "retort/kernel/out_of_memory.h"

namespace retort::train {

namespace {

constexpr double kNearlyFull = 0.95;  // of a control group's limit

struct NearLimit final : std::bad_alloc {};

}  // namespace

int64_t smaller_budget(const data::StepBatch& step) {
  int64_t largest = 0;
  for (const data::Batch& batch : step.micro_batches)
    if (batch.tokens.sequences() > 1) largest = std::max(largest, batch.tokens.tokens());
  return largest / 2;
}

MicroBatchMemory::MicroBatchMemory(const ProcessGroup& group, data::Source& source, const TrainingConfig& config,
                                   std::filesystem::path root, std::function<bool()> is_nearly_full)
    : group_(group),
      source_(source),
      config_(config),
      root_(std::move(root)),
      is_nearly_full_(std::move(is_nearly_full)),
      is_watching_(kernel::device().is_cpu() && source.micro_batch_tokens() > 0) {
  if (!is_nearly_full_) is_nearly_full_ = [groups = MemoryGroups(root_)] { return groups.is_fuller_than(kNearlyFull); };
}

void MicroBatchMemory::take_over(ResumeState& state) {
  if (state.micro_batch_tokens == 0) return;
  const bool is_replaced = state.replaced_micro_batch_tokens != config_.max_tokens_per_micro_batch;
  if (is_replaced || state.micro_batch_tokens >= source_.micro_batch_tokens())
    state.micro_batch_tokens = state.replaced_micro_batch_tokens = 0;
  else
    source_.set_micro_batch_tokens(state.micro_batch_tokens);
}

void MicroBatchMemory::set_budget(int64_t tokens, ResumeState& state) {
  source_.set_micro_batch_tokens(tokens);
  state.micro_batch_tokens = tokens;
  state.replaced_micro_batch_tokens = config_.max_tokens_per_micro_batch;
}

void MicroBatchMemory::refuse_if_too_large(const MemoryEstimate& estimate, std::optional<int64_t> available) const {
  const bool is_too_large = available && estimate.fixed() > *available;
  if (group_.all_reduce_max(is_too_large) == 0) return;
  if (!is_too_large) throw UserError("`memory` of another process cannot hold the model; see its message");
  throw UserError(
      "`memory` must hold parameters, gradients and moments of {}, but this process can have {} at most; raise the "
      "limit, use a smaller model, or several machines with --shard_optimizer_state",
      memory_text(estimate.fixed()), memory_text(*available));
}

// Returns whether it fits then.
bool MicroBatchMemory::halve_until_it_fits(const TrainUnit& unit, MemoryEstimate estimate, int64_t available,
                                           int64_t largest) {
  while (estimate.total() > available) {
    const int64_t before = source_.micro_batch_tokens();
    source_.set_micro_batch_tokens(std::max<int64_t>(1, std::min(before, largest) / 2));
    const int64_t smaller = source_.largest_micro_batch();
    if (smaller == largest) {  // a single sequence
      source_.set_micro_batch_tokens(before);
      return false;
    }
    largest = smaller;
    estimate.set_activations(unit, largest);
  }
  return true;
}

// With `deterministic` the cut must not depend on what is free.
void MicroBatchMemory::make_room(const TrainUnit& unit, const MemoryEstimate& estimate, int64_t available,
                                 int64_t largest) {
  const int64_t before = source_.micro_batch_tokens();
  const bool is_fixed = config_.max_tokens_per_micro_batch > 0 || config_.deterministic;
  const bool fits_now = !is_fixed && halve_until_it_fits(unit, estimate, available, largest);
  std::string line = memory_line(estimate, available, largest);
  if (source_.micro_batch_tokens() < before)
    line += fmt::format("; micro-batches are begun with at most {} tokens", source_.micro_batch_tokens());
  if (!fits_now)
    line += fmt::format("; it may run out: give {}--checkpoint_activations, shorter sequences or a smaller model",
                        is_fixed ? "a smaller --max_tokens_per_micro_batch, " : "");
  log_warning("{}", line);
}

bool MicroBatchMemory::fit(const TrainUnit& unit, const kernel::ParameterStore& parameters, EstimateInputs inputs,
                           ResumeState& state) {
  const int64_t before = source_.micro_batch_tokens(), largest = source_.largest_micro_batch();
  inputs.largest_micro_batch = largest;
  inputs.resident_bytes = resident_memory_of_process(root_);
  const MemoryEstimate estimate = estimate_memory(unit, parameters, inputs);
  const std::optional<int64_t> available = maybe_memory_of_process(group_, inputs.resident_bytes, root_);
  refuse_if_too_large(estimate, available);
  if (available && estimate.activations > 0) {
    if (estimate.total() <= *available)
      log_info("{}", memory_line(estimate, *available, largest));
    else
      make_room(unit, estimate, *available, largest);
  }
  // The least of all ranks.
  const auto agreed = static_cast<int64_t>(-group_.all_reduce_max(-static_cast<double>(source_.micro_batch_tokens())));
  if (agreed == before) return false;
  set_budget(agreed, state);
  return true;
}

MemoryShortage MicroBatchMemory::shortage_in(const std::function<void()>& pass) const {
  try {
    pass();
    return MemoryShortage::kNone;
  } catch (const NearLimit&) {
    return MemoryShortage::kNear;
  } catch (const std::exception& error) {
    if (!kernel::is_out_of_memory(error)) throw;
    return MemoryShortage::kOut;
  }
}

// What is held between micro-batches, without what the allocator keeps of the last one, does not shrink with them.
void MicroBatchMemory::check() {
  if (!is_watching_ || !is_nearly_full_()) return;
  kernel::release_cached_memory();
  if (!is_nearly_full_()) throw NearLimit();
  is_watching_ = false;
  log_warning(
      "memory: parameters, moments and data alone are near the limit of the control group; the system may end the "
      "process: raise the limit");
}

bool MicroBatchMemory::shrink(const data::StepBatch& step, MemoryShortage shortage, ResumeState& state) {
  kernel::release_cached_memory();
  const int64_t tokens = smaller_budget(step);
  if (tokens == 0 || source_.micro_batch_tokens() == 0) {
    if (shortage == MemoryShortage::kNear) is_watching_ = false;
    return false;
  }
  set_budget(tokens, state);
  return true;
}

}  // namespace retort::train
