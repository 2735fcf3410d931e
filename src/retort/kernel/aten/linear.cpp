#include <ATen/ops/addmm.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/silu_backward.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tanh_backward.h>
#include <ATen/ops/threshold_backward.h>

#include "retort/kernel/aten/engine.h"
#include "retort/kernel/aten/padded.h"

namespace retort::kernel {

using aten::widened;

at::Tensor AtenEngine::linear(const at::Tensor& x, const Weight& weight, const Weight* bias) const {
  const at::Tensor transposed = weight.operand.t();  // [K, N]
  return bias ? at::addmm(bias->operand, x, transposed) : at::mm(x, transposed);
}

at::Tensor AtenEngine::linear_input_gradient(const at::Tensor& grad, const Weight& weight) const {
  return at::mm(grad, weight.operand);
}

void AtenEngine::add_weight_gradient(const Weight& weight, const at::Tensor& grad, const at::Tensor& x) const {
  if (!weight.trainable) return;
  at::Tensor sum = weight.gradient;
  if (aten::is_narrow(x.scalar_type()) && x.is_cuda())  // sums in float32, added in place
    at::addmm_out(sum, sum, grad.t(), x, at::kFloat);
  else
    sum.addmm_(widened(grad).t(), widened(x));
}

void AtenEngine::add_bias_gradient(const Weight& bias, const at::Tensor& grad) const {
  if (bias.trainable) at::Tensor(bias.gradient).add_(at::sum(grad, 0, /*keepdim=*/false, bias.gradient.scalar_type()));
}

at::Tensor AtenEngine::bias_activation(const at::Tensor& x, const Weight& bias, Activation activation) const {
  const at::Tensor sum = widened(x) + bias.value;
  const auto activated = [&] {
    switch (activation) {
      case Activation::kGeluErf:
        return at::gelu(sum);
      case Activation::kGeluTanh:
        return at::gelu(sum, "tanh");
      case Activation::kRelu:
        return at::relu(sum);
      case Activation::kSwish:
        return at::silu(sum);
      case Activation::kTanh:
        break;
    }
    return at::tanh(sum);
  };
  return activated().to(x.scalar_type());
}

at::Tensor AtenEngine::bias_activation_backward(const at::Tensor& grad, const at::Tensor& x, const Weight& bias,
                                                Activation activation) const {
  const at::Tensor sum = widened(x) + bias.value, wide = widened(grad);
  const auto gradient = [&] {
    switch (activation) {
      case Activation::kGeluErf:
        return at::gelu_backward(wide, sum);
      case Activation::kGeluTanh:
        return at::gelu_backward(wide, sum, "tanh");
      case Activation::kRelu:
        return at::threshold_backward(wide, sum, 0);
      case Activation::kSwish:
        return at::silu_backward(wide, sum);
      case Activation::kTanh:
        break;
    }
    return at::tanh_backward(wide, at::tanh(sum));
  };
  const at::Tensor grad_x = gradient();
  add_bias_gradient(bias, grad_x);
  return grad_x.to(x.scalar_type());
}

}  // namespace retort::kernel
