// One node of the gradient graph per fused operation: the operation computes its output itself and hands over a
// function that computes the gradients of its inputs. Gradients of parameters do not travel through the graph: the
// function adds them to the parameter's own gradient memory (see parameters.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace retort::kernel {

// Gradient of the output -> gradients of the inputs, in their order; an undefined tensor means none.
using Backward = std::function<std::vector<at::Tensor>(const at::Tensor& grad_output)>;

// Whether operations should save what a backward pass needs.
bool records_gradients();

// Makes `output` (computed without recording) the result of a node with these inputs. The function is called at most
// once and dropped afterwards with everything it holds. Returns `output`.
at::Tensor record(at::Tensor output, const std::vector<at::Tensor>& inputs, Backward backward);

}  // namespace retort::kernel
