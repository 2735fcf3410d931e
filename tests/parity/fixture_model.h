// The model of a parity fixture, loaded from its folder, and the loss of its batch written with plain tensor
// operations.
#pragma once

#include <memory>

#include "parity/fixture.h"
#include "retort/kernel/token_rows.h"
#include "retort/loss/loss_term.h"
#include "retort/model/model.h"

namespace retort::parity {

// Reads config.json and the weights, whose names must be those that the model registers, no more and no fewer.
std::unique_ptr<model::Model> load_model(const Fixture& fixture, const model::ModelOptions& options);

// The terms of the loss, in the order of `loss_terms` in expected.json (question answering: one term instead of two).
std::vector<loss::LossSum> compute_loss_sums(const Fixture& fixture, const model::ModelOutput& output);
// Their total: weight * sum / count, summed; a scalar to differentiate.
at::Tensor compute_loss(const Fixture& fixture, const model::ModelOutput& output);

}  // namespace retort::parity
