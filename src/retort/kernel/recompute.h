// Recomputation: a part of the network whose activations are not kept but computed again when the backward pass needs
// them (Chen et al. 2016), at the price of one more forward pass of that part.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace retort::kernel {

// body(x), of which only x is kept. The body is called again in the backward pass and must give the same result, which
// operations with counter-based dropout do; what it captures must live until then. Gradients of parameters are added
// once, in the second call. Without gradients it is body(x).
at::Tensor recompute(const at::Tensor& x, std::function<at::Tensor(const at::Tensor&)> body);

}  // namespace retort::kernel
