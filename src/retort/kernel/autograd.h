// A fused operation as one node of the autograd graph: the operation computes its output and supplies a function that
// computes the gradients of its inputs. Gradients of parameters do not pass through the graph: the function adds them
// to the parameter's gradient memory (see parameters.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace retort::kernel {

// The gradient of the output -> the gradients of the inputs, in their order; an undefined tensor means none.
using Backward = std::function<std::vector<at::Tensor>(const at::Tensor& grad_output)>;

// Whether operations should save what a backward pass needs: torch.is_grad_enabled.
bool is_grad_enabled();

// Makes `output`, computed without autograd, the result of a node with these inputs, and returns it. Autograd calls the
// function at most once and then destroys it with everything that it holds.
at::Tensor attach_backward(at::Tensor output, const std::vector<at::Tensor>& inputs, Backward backward);

}  // namespace retort::kernel
