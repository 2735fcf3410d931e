#include "retort/train/loss_scale.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "retort/kernel/device.h"

namespace retort::train {

namespace {

constexpr double kSmallestScale = 1, kLargestScale = 0x1p127;  // the last power of two in float32

at::Tensor device_scalar(double value, at::ScalarType type) {
  return at::full({}, value, at::TensorOptions().dtype(type).device(kernel::device()));
}

}  // namespace

LossScale::LossScale(double fixed, double initial)
    : is_dynamic_(fixed == 0),
      scale_(device_scalar(is_dynamic_ ? initial : fixed, at::kFloat)),
      finite_steps_(device_scalar(0, at::kLong)) {}

at::Tensor LossScale::inverse() const { return is_used() ? scale_.to(at::kDouble).reciprocal() : at::Tensor(); }

void LossScale::update(const at::Tensor& gradient_norm, const at::Tensor& loss) {
  if (!is_dynamic()) return;
  const at::Tensor is_finite = gradient_norm.isfinite().logical_and(loss.isfinite()), steps = finite_steps_ + 1,
                   is_due = steps.ge(kGrowthInterval), none = at::zeros_like(steps),
                   grown = at::where(is_due, (scale_ * 2).clamp_max(kLargestScale), scale_);
  scale_ = at::where(is_finite, grown, (scale_ * 0.5).clamp_min(kSmallestScale));
  finite_steps_ = at::where(is_finite.logical_and(is_due.logical_not()), steps, none);
}

void LossScale::add_to(StepReadout& readout) const {
  if (!is_used()) return;
  readout.add(kLossScale, scale_);
  readout.add(kLossScaleSteps, finite_steps_);
}

void LossScale::restore(double scale, int64_t finite_steps) {
  if (!is_dynamic() || scale <= 0) return;
  scale_ = device_scalar(scale, at::kFloat);
  finite_steps_ = device_scalar(static_cast<double>(finite_steps), at::kLong);
}

}  // namespace retort::train
