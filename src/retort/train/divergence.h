// What a run does about numbers that are not finite: it skips such updates, and ends when they do not stop.
#pragma once

#include <optional>
#include <string>

#include "retort/data/source.h"
#include "retort/kernel/parameters.h"
#include "retort/train/trainer_state.h"

namespace retort::train {

// The first parameter that holds an infinity or NaN.
std::optional<std::string> maybe_nonfinite_parameter(const kernel::ParameterStore& parameters);

// Throws DivergenceError when no step of the run changed the model, or the model is not finite: it must not pass for a
// trained one.
void check_trained(const kernel::ParameterStore& parameters, const TrainerState& state);

// Throws DivergenceError for a run of skipped updates that is too long; names the step, the row and the parameter.
[[noreturn]] void throw_diverged(const kernel::ParameterStore& parameters, const data::StepBatch& batch, int64_t step,
                                 int64_t skipped_in_a_row);

}  // namespace retort::train
