#include "retort/optim/expression_update.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

namespace retort::optim {

namespace {

constexpr int64_t kChunkElements = 1 << 25;  // bounds the memory of temporary tensors

at::Tensor as_float(const at::Tensor& scalar) { return scalar.to(at::kFloat); }

}  // namespace

// Without a finite gradient, the moments are multiplied by 1 and added to by 0, and the values move by 0.
struct ExpressionUpdate::Factors {
  at::Tensor scale, is_finite;
  at::Tensor beta1, rest1, beta2, rest2;
  at::Tensor correction1, correction2;  // 1 / (1 - beta^t), or 1
  at::Tensor learning_rate;             // 0 for a skipped update
};

ExpressionUpdate::ExpressionUpdate(kernel::ParameterStore& parameters, Settings settings, at::Tensor moment1,
                                   at::Tensor moment2)
    : parameters_(parameters),
      settings_(std::move(settings)),
      moment1_(std::move(moment1)),
      moment2_(std::move(moment2)) {
  const auto& slices = parameters.slices();
  const at::Device device = parameters.values().device();
  std::vector<float> decays;
  at::Tensor slice_of = at::zeros_like(parameters.values(), at::TensorOptions().dtype(at::kInt).device(at::kCPU));
  for (size_t s = 0; s < slices.size(); ++s) {
    slice_of.narrow(0, slices[s].offset, slice_of.numel() - slices[s].offset).fill_(static_cast<int64_t>(s));
    const bool is_decayed = settings_.decays[s] && slices[s].weight->trainable;
    decays.push_back(is_decayed ? static_cast<float>(settings_.weight_decay) : 0.0F);
  }
  slice_of_ = slice_of.to(device);
  decay_of_slice_ = at::tensor(decays).to(device);
}

ExpressionUpdate::Factors ExpressionUpdate::factors_of(const Scalars& scalars) const {
  const at::Tensor one = at::ones_like(scalars.step), zero = at::zeros_like(scalars.step);
  const auto if_finite = [&](double value, const at::Tensor& otherwise) {
    return as_float(at::where(scalars.is_finite, one * value, otherwise));
  };
  const auto correction = [&](double beta) {
    // A skipped first update has number 0, for which there is no correction.
    return settings_.correct_bias ? 1 / (1 - (scalars.step.clamp_min(1) * std::log(beta)).exp()) : one;
  };
  return {.scale = scalars.gradient_scale,
          .is_finite = scalars.is_finite,
          .beta1 = if_finite(settings_.beta1, one),
          .rest1 = if_finite(1 - settings_.beta1, zero),
          .beta2 = if_finite(settings_.beta2, one),
          .rest2 = if_finite(1 - settings_.beta2, zero),
          .correction1 = correction(settings_.beta1),
          .correction2 = correction(settings_.beta2),
          .learning_rate = if_finite(scalars.learning_rate, zero)};
}

at::Tensor ExpressionUpdate::per_element(const at::Tensor& of_slices, int64_t begin, int64_t end) const {
  return at::index_select(of_slices, 0, slice_of_.narrow(0, begin, end - begin));
}

at::Tensor ExpressionUpdate::slice_norms(const at::Tensor& flat) const {
  std::vector<at::Tensor> views;
  for (const kernel::NamedSlice& slice : parameters_.slices())
    views.push_back(flat.narrow(0, slice.offset, slice.element_count));
  return at::stack(at::_foreach_norm(views));  // [slices]
}

void ExpressionUpdate::zero_frozen_gradients() const {
  for (const kernel::NamedSlice& slice : parameters_.slices())
    if (!slice.weight->trainable) parameters_.gradient(slice).zero_();
}

at::Tensor ExpressionUpdate::gradient_norm() const {
  zero_frozen_gradients();
  return at::linalg_vector_norm(parameters_.gradients(), 2, std::nullopt, /*keepdim=*/false, at::kDouble);
}

void ExpressionUpdate::run(const Scalars& scalars) const {
  zero_frozen_gradients();
  const Factors factors = factors_of(scalars);
  const int64_t all = parameters_.values().numel();
  const auto for_each_chunk = [&](const auto& body) {
    for (int64_t begin = 0; begin < all; begin += kChunkElements) body(begin, std::min(all, begin + kChunkElements));
  };
  if (settings_.kind == OptimizerKind::kLamb) {
    for_each_chunk([&](int64_t begin, int64_t end) { update_lamb_moments(factors, begin, end); });
    const at::Tensor steps = lamb_ratios() * factors.learning_rate;
    for_each_chunk([&](int64_t begin, int64_t end) {
      const at::Tensor update = parameters_.gradients().narrow(0, begin, end - begin);
      parameters_.values().narrow(0, begin, end - begin).sub_(update * per_element(steps, begin, end));
    });
  } else {
    at::Tensor tensor_scales;
    if (settings_.kind == OptimizerKind::kBertAdam && settings_.tensor_max_norm > 0) {
      const at::Tensor ratio =
          settings_.tensor_max_norm / (slice_norms(parameters_.gradients()) * factors.scale + 1e-6);
      tensor_scales = factors.scale * at::minimum(ratio, at::ones_like(ratio));
    }
    for_each_chunk([&](int64_t begin, int64_t end) { update_adam(factors, tensor_scales, begin, end); });
  }
  parameters_.zero_gradients();
  parameters_.refresh_operands();
}

void ExpressionUpdate::update_adam(const Factors& factors, const at::Tensor& tensor_scales, int64_t begin,
                                   int64_t end) const {
  const auto chunk = [&](const at::Tensor& flat) { return flat.narrow(0, begin, end - begin); };
  const at::Tensor raw = chunk(parameters_.gradients()),
                   scaled = raw * (tensor_scales.defined() ? per_element(tensor_scales, begin, end) : factors.scale),
                   gradient = at::where(factors.is_finite, scaled, at::zeros_like(scaled));
  at::Tensor m = chunk(moment1_), v = chunk(moment2_), value = chunk(parameters_.values());
  m.mul_(factors.beta1).add_(gradient * factors.rest1);
  v.mul_(factors.beta2).add_(gradient * gradient * factors.rest2);
  const at::Tensor update = m / (v.sqrt() + settings_.epsilon);
  const bool has_decay = settings_.weight_decay != 0;
  const at::Tensor decay =
      has_decay ? per_element(decay_of_slice_ * factors.learning_rate, begin, end) : factors.learning_rate;
  if (settings_.kind == OptimizerKind::kAdamW) {
    const at::Tensor correction = settings_.correct_bias ? as_float(factors.correction1 / factors.correction2.sqrt())
                                                         : factors.beta1 / factors.beta1;
    value.sub_(update * (factors.learning_rate * correction));
    if (has_decay) value.sub_(value * decay);
  } else {
    if (has_decay) value.sub_(value * decay);
    value.sub_(update * factors.learning_rate);
  }
}

// Leaves the update in place of the gradients.
void ExpressionUpdate::update_lamb_moments(const Factors& factors, int64_t begin, int64_t end) const {
  const auto chunk = [&](const at::Tensor& flat) { return flat.narrow(0, begin, end - begin); };
  at::Tensor raw = chunk(parameters_.gradients()), m = chunk(moment1_), v = chunk(moment2_);
  const at::Tensor scaled = raw * factors.scale,
                   gradient = at::where(factors.is_finite, scaled, at::zeros_like(scaled));
  m.mul_(factors.beta1).add_(gradient * factors.rest1);
  v.mul_(factors.beta2).add_(gradient * gradient * factors.rest2);
  raw.copy_(m * as_float(factors.correction1) / ((v * as_float(factors.correction2)).sqrt() + settings_.epsilon));
  if (settings_.weight_decay != 0) raw.add_(chunk(parameters_.values()) * per_element(decay_of_slice_, begin, end));
}

// [slices]: the norm of the values by that of the update, where both have one and the tensor is decayed; else 1.
at::Tensor ExpressionUpdate::lamb_ratios() const {
  const at::Tensor value_norms = slice_norms(parameters_.values()), update_norms = slice_norms(parameters_.gradients()),
                   has_ratio = decay_of_slice_.ne(0).logical_and(value_norms.gt(0)).logical_and(update_norms.gt(0));
  return at::where(has_ratio, value_norms / update_norms, at::ones_like(value_norms));
}

}  // namespace retort::optim
