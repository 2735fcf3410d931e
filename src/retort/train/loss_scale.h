// The scale of the loss in half precision, whose gradients would become zero without it: the loss is multiplied by the
// scale before the backward pass, and the update divides by it. A dynamic scale is halved after a step whose loss or
// gradient is not finite, down to 1, and doubled after 2000 finite steps in a row, as by torch.amp.GradScaler
// (_amp_update_scale_) and NVIDIA apex (apex/amp/scaler.py). All of it stays on the device.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/train/step_readout.h"

namespace retort::train {

class LossScale {
 public:
  static constexpr int64_t kGrowthInterval = 2000;  // finite steps, in both programs

  // No scale.
  LossScale() = default;
  // `fixed` above 0 is the scale of all steps; 0: it is dynamic and begins with `initial`.
  LossScale(double fixed, double initial);

  bool is_used() const { return scale_.defined(); }
  bool is_dynamic() const { return is_used() && is_dynamic_; }
  // A float32 scalar; undefined where no scale is used.
  const at::Tensor& scale() const { return scale_; }
  // Its inverse in float64; undefined likewise.
  at::Tensor inverse() const;

  // After a step with this gradient norm and loss.
  void update(const at::Tensor& gradient_norm, const at::Tensor& loss);
  // Adds the scale and the number of finite steps since it changed to `readout`, under the names below.
  void add_to(StepReadout& readout) const;
  // Sets both, of a dynamic scale, to what a readout gave.
  void restore(double scale, int64_t finite_steps);

 private:
  bool is_dynamic_ = false;
  at::Tensor scale_;         // float32 scalar
  at::Tensor finite_steps_;  // int64 scalar
};

inline constexpr const char* kLossScale = "loss_scale";
inline constexpr const char* kLossScaleSteps = "loss_scale_steps";

}  // namespace retort::train
