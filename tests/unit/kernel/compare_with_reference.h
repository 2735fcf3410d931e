// Runs an operation, fused in float32 and bfloat16, against the reference in float64: its output and all its gradients.
#pragma once

#include "unit/kernel/random_inputs.h"

namespace retort::kernel::test {

using Tensors = std::vector<at::Tensor>;

// The operation under test: from inputs and weights to the output.
using Operation = std::function<at::Tensor(const Tensors& inputs, std::vector<Weight>& weights, Precision precision)>;

struct Results {
  at::Tensor output;
  Tensors gradients;  // of the inputs, then of the weights
};

inline Results run(const Operation& operation, const Tensors& inputs, const Tensors& weights, const at::Tensor& grad,
                   at::ScalarType type, Implementation choice) {
  const ScopedImplementation scoped(choice);
  const Precision precision = type == at::kBFloat16 ? Precision::kBf16 : Precision::kFloat32;
  Tensors leaves;
  for (const at::Tensor& input : inputs)
    leaves.push_back(input.to(at::kBFloat16).to(type).detach().set_requires_grad(true));
  std::vector<Weight> own;
  for (const at::Tensor& weight : weights)
    own.push_back(make_weight(weight.to(at::kBFloat16), type == at::kDouble ? at::kDouble : at::kFloat, precision));
  Results results;
  results.output = operation(leaves, own, precision);
  results.output.backward(grad.to(at::kBFloat16).to(results.output.scalar_type()));
  for (const at::Tensor& leaf : leaves) results.gradients.push_back(leaf.grad());
  for (const Weight& weight : own) results.gradients.push_back(weight.gradient);
  return results;
}

inline void expect_equal_to_reference(const Operation& operation, const Tensors& inputs, const Tensors& weights,
                                      const at::Tensor& grad) {
  const Results exact = run(operation, inputs, weights, grad, at::kDouble, Implementation::kReference);
  const struct {
    at::ScalarType type;
    Implementation implementation;
    double tolerance;
  } ways[] = {{at::kFloat, Implementation::kFused, 2e-5},
              {at::kFloat, Implementation::kReference, 2e-5},
              {at::kBFloat16, Implementation::kFused, 3e-2},
              {at::kBFloat16, Implementation::kReference, 3e-2}};
  for (const auto& way : ways) {
    const Results own = run(operation, inputs, weights, grad, way.type, way.implementation);
    const std::string label =
        std::string(at::toString(way.type)) + (way.implementation == Implementation::kFused ? " fused" : " reference");
    EXPECT_LT(relative_difference(own.output, exact.output), way.tolerance) << label << " output";
    for (size_t i = 0; i < exact.gradients.size(); ++i)
      EXPECT_LT(relative_difference(own.gradients[i], exact.gradients[i]), way.tolerance) << label << " gradient " << i;
  }
}

}  // namespace retort::kernel::test
