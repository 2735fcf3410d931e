#include "retort/train/training_clock.h"

#include <gtest/gtest.h>

namespace retort::train {
namespace {

TEST(TrainingClock, CountsEarlierProcessesAndNoEvaluation) {
  double now = 1000;
  TrainingClock clock([&] { return now; });
  EXPECT_EQ(clock.train_seconds(), 0) << "not started";
  clock.start(50);
  now += 10;
  EXPECT_EQ(clock.train_seconds(), 60);
  const double evaluation = clock.now();
  now += 100;
  clock.exclude_since(evaluation);
  EXPECT_EQ(clock.train_seconds(), 60);
  now += 10;
  clock.stop();
  now += 1000;
  EXPECT_EQ(clock.train_seconds(), 70);
}

TEST(TrainingClock, OverheadIsTheTimeWithoutWork) {
  double now = 0;
  TrainingClock clock([&] { return now; });
  clock.start(500);
  now += 2;
  EXPECT_EQ(clock.overhead_share(), 0) << "no step yet";
  const double step = clock.now();
  now += 6;
  clock.add_work_since(step);
  EXPECT_EQ(clock.overhead_share(), 0.25) << "2 of 8 seconds";
  clock.stop();
  now += 100;
  EXPECT_EQ(clock.overhead_share(), 0.25);
}

}  // namespace
}  // namespace retort::train
