// The cosine distance between rows, by which distillation aligns hidden states (Sanh et al. 2019).
#pragma once

#include <ATen/core/Tensor.h>

namespace retort::kernel {

// states [N, H] (float32 or bfloat16), targets of the same shape -> float32 scalar: the sum over rows of
// 1 - cos(state, target), whose gradient goes only to the states. 1e-12 is added to both squared norms, as torch does,
// so a row of zeros has cosine 0.
at::Tensor cosine_loss(const at::Tensor& states, const at::Tensor& targets);

}  // namespace retort::kernel
