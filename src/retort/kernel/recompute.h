// Activation checkpointing (Chen et al. 2016): the backward pass computes the activations of a part of the network
// again instead of keeping them, at the price of one more forward pass of that part.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace retort::kernel {

// Returns body(x) and keeps only x. The backward pass calls the body again, which must give the same result, as
// operations with counter-based dropout do; what the body captures must live until then. Gradients of parameters are
// added once, in the second call. Without gradients it just calls the body.
at::Tensor recompute(const at::Tensor& x, std::function<at::Tensor(const at::Tensor&)> body);

}  // namespace retort::kernel
