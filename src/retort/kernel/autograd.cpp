#include "retort/kernel/autograd.h"

#include <ATen/core/grad_mode.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include "retort/base/error.h"

namespace retort::kernel {

namespace {

class FusedNode : public torch::autograd::Node {
 public:
  explicit FusedNode(Backward backward) : backward_(std::move(backward)) {}

  torch::autograd::variable_list apply(torch::autograd::variable_list&& grads) override {
    RETORT_CHECK(backward_, "the backward pass of a fused operation ran twice");
    if (!grads[0].defined()) return torch::autograd::variable_list(num_outputs());
    const at::NoGradGuard no_grad;
    return backward_(grads[0].contiguous());
  }
  void release_variables() override { backward_ = nullptr; }

 private:
  Backward backward_;
};

// The pointer by which the autograd graph holds nodes: std::shared_ptr, and c10::intrusive_ptr in newer LibTorch.
using NodePointer = decltype(torch::autograd::Edge::function);

template <typename Pointer, typename NodeType>
Pointer make_node(Backward backward) {
  if constexpr (std::is_same_v<Pointer, std::shared_ptr<torch::autograd::Node>>)
    return std::make_shared<NodeType>(std::move(backward));
  else
    return c10::make_intrusive<NodeType>(std::move(backward));
}

}  // namespace

bool is_grad_enabled() { return at::GradMode::is_enabled(); }

at::Tensor attach_backward(at::Tensor output, const std::vector<at::Tensor>& inputs, Backward backward) {
  const NodePointer node = make_node<NodePointer, FusedNode>(std::move(backward));
  torch::autograd::edge_list edges;
  for (const at::Tensor& input : inputs)
    edges.push_back(input.requires_grad() ? torch::autograd::impl::gradient_edge(input) : torch::autograd::Edge());
  node->set_next_edges(std::move(edges));
  torch::autograd::set_history(output, node);
  return output;
}

}  // namespace retort::kernel
