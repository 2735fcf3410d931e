// Numbers of a step: sums by name, read together.
#include "retort/train/step_readout.h"

#include <ATen/ops/scalar_tensor.h>
#include <gtest/gtest.h>

namespace retort::train {
namespace {

at::Tensor number(double value) { return at::scalar_tensor(value, at::kFloat); }

TEST(StepReadout, AddsByNameInFloat64) {
  StepReadout readout;
  readout.add("a", number(1), 3);
  readout.add("a", number(1), 3);
  readout.add("b", number(5));
  const auto numbers = readout.read();
  EXPECT_EQ(numbers.at("a"), 1.0 / 3 + 1.0 / 3);
  EXPECT_EQ(numbers.at("b"), 5);
  EXPECT_EQ(readout.get("missing").item<double>(), 0);
}

TEST(StepReadout, ReadsSeveralAtOnce) {
  StepReadout first, second, empty;
  first.add("a", number(1));
  second.set("a", 2), second.set("z", -1);
  const auto numbers = StepReadout::read_all({&first, &empty, &second});
  EXPECT_EQ(numbers[0].at("a"), 1);
  EXPECT_TRUE(numbers[1].empty());
  EXPECT_EQ(numbers[2].at("z"), -1);
}

}  // namespace
}  // namespace retort::train
