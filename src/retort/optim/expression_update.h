// The update of an optimizer in tensor expressions over the flat parameter memory, on any device. It reads nothing back
// to the host: what depends on the gradients stays in scalars on the device.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "retort/kernel/parameters.h"
#include "retort/optim/optimizer_kind.h"

namespace retort::optim {

class ExpressionUpdate {
 public:
  // Settings of OptimizerOptions. `decays` [slices]: which tensors are decayed.
  struct Settings {
    OptimizerKind kind = OptimizerKind::kAdamW;
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
    bool correct_bias = true;
    double tensor_max_norm = 1;
    std::vector<bool> decays;
  };
  // Scalars on the device.
  struct Scalars {
    double learning_rate = 0;   // of the host
    at::Tensor gradient_scale;  // float32
    at::Tensor is_finite;       // bool: without it the update changes nothing but the gradients, which become zero
    at::Tensor step;            // float64: the number of this update, from 1
  };

  ExpressionUpdate(kernel::ParameterStore& parameters, Settings settings, at::Tensor moment1, at::Tensor moment2);

  // Updates values, moments and bfloat16 copies, and sets the gradients to zero.
  void run(const Scalars& scalars) const;
  // The L2 norm of the gradients of trainable parameters, a float64 scalar.
  at::Tensor gradient_norm() const;

 private:
  struct Factors;  // of one update, on the device

  Factors factors_of(const Scalars& scalars) const;
  void zero_frozen_gradients() const;
  at::Tensor per_element(const at::Tensor& of_slices, int64_t begin, int64_t end) const;
  at::Tensor slice_norms(const at::Tensor& flat) const;
  void update_adam(const Factors& factors, const at::Tensor& tensor_scales, int64_t begin, int64_t end) const;
  void update_lamb_moments(const Factors& factors, int64_t begin, int64_t end) const;
  at::Tensor lamb_ratios() const;

  kernel::ParameterStore& parameters_;
  Settings settings_;
  at::Tensor moment1_, moment2_;
  at::Tensor slice_of_;        // [N] int32: the slice of each element; gaps belong to the slice before them
  at::Tensor decay_of_slice_;  // [slices] float32: weight_decay or 0
};

}  // namespace retort::optim
