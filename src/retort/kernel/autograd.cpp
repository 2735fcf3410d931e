#include "retort/kernel/autograd.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include "retort/base/error.h"

namespace retort::kernel {

namespace {

class FusedNode : public torch::autograd::Node {
 public:
  explicit FusedNode(Backward backward) : backward_(std::move(backward)) {}

  torch::autograd::variable_list apply(torch::autograd::variable_list&& grads) override {
    RETORT_CHECK(backward_, "the gradient of a fused operation was asked for twice");
    if (!grads[0].defined()) return torch::autograd::variable_list(num_outputs());
    const at::NoGradGuard no_grad;
    return backward_(grads[0].contiguous());
  }
  void release_variables() override { backward_ = nullptr; }

 private:
  Backward backward_;
};

}  // namespace

bool records_gradients() { return at::GradMode::is_enabled(); }

at::Tensor record(at::Tensor output, const std::vector<at::Tensor>& inputs, Backward backward) {
  auto node = std::make_shared<FusedNode>(std::move(backward));
  torch::autograd::edge_list edges;
  for (const at::Tensor& input : inputs) edges.push_back(torch::autograd::impl::gradient_edge(input));
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].requires_grad()) edges[i] = torch::autograd::Edge();
  node->set_next_edges(std::move(edges));
  torch::autograd::set_history(output, node);
  return output;
}

}  // namespace retort::kernel
