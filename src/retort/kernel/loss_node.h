// A loss whose gradient is computed with its value, as a node of the gradient graph.
#pragma once

#include "retort/kernel/engine.h"

namespace retort::kernel {

// The total of `result` with a node whose backward pass gives `input` the gradient of the result times that of the
// total. Without a gradient it is the total alone.
at::Tensor attach_gradient(const LossResult& result, const at::Tensor& input);

}  // namespace retort::kernel
