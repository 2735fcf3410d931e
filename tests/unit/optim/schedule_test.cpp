// Learning rates against the published check values and, for the Hugging Face forms, against their definition.
#include "retort/optim/schedule.h"

#include <gtest/gtest.h>

#include "retort/base/error.h"

namespace retort::optim {
namespace {

TEST(Schedule, HuggingFaceLinear) {  // get_linear_schedule_with_warmup(10 warm-up, 100 total), update k uses step k - 1
  const Schedule schedule{ScheduleKind::kLinear, 100, 10};
  EXPECT_EQ(schedule.factor(1), 0);
  EXPECT_NEAR(schedule.factor(6), 0.5, 1e-12);
  EXPECT_NEAR(schedule.factor(11), 1, 1e-12);
  EXPECT_NEAR(schedule.factor(56), 0.5, 1e-12);
  EXPECT_NEAR(schedule.factor(100), 1.0 / 90, 1e-12);
  EXPECT_EQ((Schedule{ScheduleKind::kLinear, 100, 0}).factor(1), 1);
}

TEST(Schedule, HuggingFaceCosineAndConstant) {  // values of get_cosine_schedule_with_warmup
  const Schedule cosine{ScheduleKind::kCosine, 100, 10};
  EXPECT_NEAR(cosine.factor(11), 1, 1e-12);
  EXPECT_NEAR(cosine.factor(56), 0.5, 1e-12);
  EXPECT_NEAR(cosine.factor(101), 0, 1e-12);
  EXPECT_NEAR((Schedule{ScheduleKind::kConstantWithWarmup, 100, 10}).factor(6), 0.5, 1e-12);
  EXPECT_EQ((Schedule{ScheduleKind::kConstant, 100, 10}).factor(1), 1);
}

TEST(Schedule, NvidiaLinear) {
  const Schedule schedule{ScheduleKind::kNvidiaLinear, 1000, 100};
  EXPECT_NEAR(3e-5 * schedule.factor(1), 3e-7, 1e-12);
  EXPECT_NEAR(3e-5 * schedule.factor(100), 3e-5, 1e-10);
  EXPECT_NEAR(3e-5 * schedule.factor(200), 2.6667e-5, 1e-9);
  EXPECT_NEAR(3e-5 * schedule.factor(500), 1.6667e-5, 1e-9);
  EXPECT_EQ(schedule.factor(1000), 0);
}

// A run may be all warm-up; its rate then rises to the last update.
TEST(Schedule, NvidiaLinearOfWarmUpAlone) {
  const Schedule schedule{.kind = ScheduleKind::kNvidiaLinear, .total_steps = 5, .warmup_steps = 5};
  for (int64_t update = 1; update <= 5; ++update)
    EXPECT_DOUBLE_EQ(schedule.factor(update), static_cast<double>(update) / 5);
  const Schedule one{.kind = ScheduleKind::kNvidiaLinear, .total_steps = 1, .warmup_steps = 1};
  EXPECT_EQ(one.factor(1), 1);
}

TEST(Schedule, NvidiaPolynomial) {
  const Schedule one{ScheduleKind::kNvidiaPolynomial, 7038, 0.2843 * 7038};
  EXPECT_NEAR(6e-3 * one.factor(1), 2.998646e-6, 1e-11);
  EXPECT_NEAR(6e-3 * one.factor(1000), 2.998646e-3, 1e-9);
  EXPECT_NEAR(6e-3 * one.factor(2000), 5.997291e-3, 1e-9);
  EXPECT_NEAR(6e-3 * one.factor(2001), 5.075895e-3, 1e-9);
  EXPECT_NEAR(6e-3 * one.factor(3519), 4.242641e-3, 1e-9);
  EXPECT_NEAR(6e-3 * one.factor(7037), 7.151986e-5, 1e-11);
  EXPECT_EQ(one.factor(7038), 0);
  const Schedule two{ScheduleKind::kNvidiaPolynomial, 1563, 0.128 * 1563};
  EXPECT_NEAR(4e-3 * two.factor(1), 1.999360e-5, 1e-11);
  EXPECT_NEAR(4e-3 * two.factor(201), 3.733955e-3, 1e-9);
  EXPECT_NEAR(4e-3 * two.factor(1562), 1.011767e-4, 1e-10);
}

TEST(Schedule, NvidiaCosineFallsToZero) {
  const Schedule schedule{ScheduleKind::kNvidiaCosine, 100, 10};
  EXPECT_NEAR(schedule.factor(50), 0.5, 1e-12);
  EXPECT_NEAR(schedule.factor(100), 0, 1e-12);
}

// transformers rounds up to whole steps, NVIDIA's schedules compare the share itself.
TEST(Schedule, WarmUpOfAShareOfTheSteps) {
  EXPECT_EQ(warmup_steps_of(ScheduleKind::kLinear, 0.1, 25), 3);
  EXPECT_EQ(warmup_steps_of(ScheduleKind::kConstantWithWarmup, 0.1, 25), 3);
  EXPECT_EQ(warmup_steps_of(ScheduleKind::kNvidiaLinear, 0.1, 25), 2.5);
  EXPECT_EQ(warmup_steps_of(ScheduleKind::kNvidiaPolynomial, 0.1, 25), 2.5);
}

TEST(Schedule, NamesAreChecked) {
  for (const std::string& name : schedule_names()) EXPECT_NO_THROW(parse_schedule(name));
  EXPECT_THROW(parse_schedule("triangle"), UserError);
}

}  // namespace
}  // namespace retort::optim
