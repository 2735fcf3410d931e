// The rule of torch.amp.GradScaler: half after an overflow, twice after 2000 finite steps in a row.
#include "retort/train/loss_scale.h"

#include <ATen/ops/scalar_tensor.h>
#include <gtest/gtest.h>

#include <cmath>

namespace retort::train {
namespace {

void update(LossScale& scale, double norm, double loss = 1) {
  scale.update(at::scalar_tensor(norm, at::kDouble), at::scalar_tensor(loss, at::kDouble));
}

// The scale and the steps since it changed.
std::pair<double, int64_t> numbers_of(const LossScale& scale) {
  StepReadout readout;
  scale.add_to(readout);
  const auto numbers = readout.read();
  return {numbers.at(kLossScale), static_cast<int64_t>(numbers.at(kLossScaleSteps))};
}

using Numbers = std::pair<double, int64_t>;

TEST(LossScaleTest, HalvesAfterWhatIsNotFinite) {
  LossScale scale(0, 1024);
  update(scale, 1), update(scale, 1);
  EXPECT_EQ(numbers_of(scale), Numbers(1024, 2));
  update(scale, INFINITY);
  EXPECT_EQ(numbers_of(scale), Numbers(512, 0));
  update(scale, 1, NAN);
  EXPECT_EQ(numbers_of(scale), Numbers(256, 0));
  EXPECT_EQ(scale.inverse().item<double>(), 1.0 / 256);
}

TEST(LossScaleTest, StaysAtLeastOne) {
  LossScale scale(0, 2);
  for (int i = 0; i < 3; ++i) update(scale, NAN);
  EXPECT_EQ(numbers_of(scale), Numbers(1, 0));
}

TEST(LossScaleTest, DoublesAfter2000FiniteStepsInARow) {
  LossScale scale(0, 1024);
  scale.restore(64, 1998);
  update(scale, 1);
  EXPECT_EQ(numbers_of(scale), Numbers(64, 1999));
  update(scale, 1);
  EXPECT_EQ(numbers_of(scale), Numbers(128, 0));
  scale.restore(0x1p127, 1999);
  update(scale, 1);
  EXPECT_EQ(numbers_of(scale), Numbers(0x1p127, 0)) << "float32 has no larger power of two";
}

TEST(LossScaleTest, AFixedOneNeverChanges) {
  LossScale scale(128, 1024);
  update(scale, INFINITY);
  scale.restore(4, 7);
  EXPECT_EQ(numbers_of(scale), Numbers(128, 0));
  EXPECT_FALSE(scale.is_dynamic());
}

TEST(LossScaleTest, WithoutOneNothingIsScaled) {
  LossScale none;
  update(none, 1);
  EXPECT_FALSE(none.is_used() || none.is_dynamic() || none.scale().defined() || none.inverse().defined());
}

}  // namespace
}  // namespace retort::train
