#include "retort/train/divergence.h"

#include <ATen/TensorOperators.h>

#include "retort/base/error.h"

namespace retort::train {

std::optional<std::string> maybe_nonfinite_parameter(const kernel::ParameterStore& parameters) {
  if (parameters.values().isfinite().all().item<bool>()) return std::nullopt;
  for (const kernel::NamedSlice& slice : parameters.slices())
    if (!parameters.tensor(slice).isfinite().all().item<bool>()) return slice.name;
  return std::nullopt;
}

void check_trained(const kernel::ParameterStore& parameters, const TrainerState& state) {
  if (state.global_step > 0 && state.resume.skipped_steps >= state.global_step)
    throw DivergenceError(
        "training changed nothing: each of its {} steps had a loss or gradient that is not finite; look at the weights "
        "of the losses, `temperature` and `learning_rate`",
        state.global_step);
  if (const auto name = maybe_nonfinite_parameter(parameters))
    throw DivergenceError(
        "training diverged: parameter `{}` is not finite; lower `learning_rate`, or raise `adam_epsilon`", *name);
}

void throw_diverged(const kernel::ParameterStore& parameters, const data::StepBatch& batch, int64_t step,
                    int64_t skipped_in_a_row) {
  const auto& rows = batch.micro_batches.front().rows;
  throw DivergenceError(
      "training diverged: {} steps in a row had a loss or gradient that is not finite; step {}, first row {}, first "
      "parameter that is not finite: {}. "
      "Lower `learning_rate`, or resume from the last checkpoint",
      skipped_in_a_row, step, rows.empty() ? -1 : rows.front(), maybe_nonfinite_parameter(parameters).value_or("none"));
}

}  // namespace retort::train
