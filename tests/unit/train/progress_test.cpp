#include "retort/train/progress.h"

#include <limits>
#include <sstream>
#include <thread>
#include <vector>

#include "unit/train/train_testing.h"

namespace retort::train {
namespace {

// A clock that the test moves, and what was written.
struct FakeSink {
  double now = 1000;
  int columns = 200;
  std::string written;

  ProgressSink sink(bool is_terminal) {
    return {.write = [this](std::string_view text) { written += text; },
            .seconds = [this] { return now; },
            .columns = [this] { return columns; },
            .is_terminal = is_terminal};
  }
};

ProgressReport training_report(int64_t step) {
  return {.done = step, .sequences = step * 32, .tokens = step * 32 * 150, .loss = 1.23456};
}

TEST(ProgressTest, PipedItWritesAPlainLineEveryFewSeconds) {
  FakeSink fake;
  Progress progress({.title = "train", .total = 625}, fake.sink(false));
  for (int64_t step = 1; step <= 25; ++step) {
    fake.now += 1;
    progress.update(training_report(step));
  }
  EXPECT_EQ(fake.written,
            "train: 10/625 steps (1%), 32.0 sequences/s, 4.80k tokens/s, loss 1.2346, 10:15 left\n"
            "train: 20/625 steps (3%), 32.0 sequences/s, 4.80k tokens/s, loss 1.2346, 10:05 left\n");
  fake.written.clear();
  progress.finish();
  progress.finish();
  EXPECT_EQ(fake.written, "train: 25/625 steps, 32.0 sequences/s, 4.80k tokens/s, loss 1.2346, took 0:25\n");
}

TEST(ProgressTest, OnATerminalOneLineIsRewritten) {
  FakeSink fake;
  {
    Progress progress({.title = "features", .unit = "questions", .total = 400}, fake.sink(true));
    fake.now += 0.05;
    progress.update({.done = 1});
    EXPECT_EQ(fake.written, "") << "too early to redraw";
    fake.now += 0.45;
    progress.update({.done = 100});
    EXPECT_EQ(fake.written, "\rfeatures: 100/400 questions (25%), 200 questions/s, 0:01 left\x1b[K");
    fake.written.clear();
    progress.clear();
    progress.clear();
    EXPECT_EQ(fake.written, "\r\x1b[K");
    fake.written.clear();
    fake.now += 1.5;
    progress.update({.done = 400});
    progress.finish();
    EXPECT_EQ(fake.written,
              "\rfeatures: 400/400 questions (100%), 200 questions/s, 0:00 left\x1b[K"
              "\rfeatures: 400/400 questions, 200 questions/s, took 0:02\x1b[K\n");
  }
  EXPECT_TRUE(fake.written.ends_with("took 0:02\x1b[K\n")) << "nothing more at the end";
}

TEST(ProgressTest, TheLineFitsTheTerminalAndEndsWhenWorkIsGivenUp) {
  FakeSink fake;
  fake.columns = 20;
  {
    Progress progress({.title = "train", .total = 625}, fake.sink(true));
    fake.now += 1;
    progress.update(training_report(1));
  }
  EXPECT_EQ(fake.written, "\rtrain: 1/625 steps \x1b[K\n");
}

TEST(ProgressTest, TheRateIsThatOfTheLastSeconds) {
  FakeSink fake;
  Progress progress({.title = "train", .rate_window_seconds = 10}, fake.sink(false));
  for (int second = 1; second <= 60; ++second) {
    fake.now += 1;
    progress.update({.done = second <= 40 ? second : 40 + (second - 40) * 5});
  }
  EXPECT_TRUE(fake.written.ends_with("train: 140 steps, 5.00 steps/s\n")) << fake.written;
}

TEST(ProgressTest, WhatWasDoneBeforeAResumeDoesNotCountAsSpeed) {
  FakeSink fake;
  Progress progress({.title = "train", .total = 625, .start = training_report(600)}, fake.sink(false));
  fake.now += 10;
  progress.update(training_report(605));
  EXPECT_EQ(fake.written, "train: 605/625 steps (96%), 16.0 sequences/s, 2.40k tokens/s, loss 1.2346, 0:40 left\n");
}

TEST(ProgressTest, WorkThatStandsStillPromisesNothing) {
  FakeSink fake;
  Progress progress({.title = "train", .total = 625}, fake.sink(false));
  fake.now += 10;
  progress.update({});
  EXPECT_EQ(fake.written, "train: 0/625 steps (0%)\n");
}

TEST(ProgressTest, ManyThreadsMayReport) {
  FakeSink fake;
  Progress progress({.title = "features", .total = 4000}, fake.sink(true));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int64_t i = 0; i < 1000; ++i) progress.update({.done = i});
    });
  for (std::thread& thread : threads) thread.join();
  progress.finish();
  EXPECT_TRUE(fake.written.ends_with("\n"));
}

TEST(ProgressTest, DurationsAndRatesReadWell) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(format_duration(0), "0:00");
  EXPECT_EQ(format_duration(65.9), "1:05");
  EXPECT_EQ(format_duration(7384), "2:03:04");
  EXPECT_EQ(format_duration(3 * 86400 + 4 * 3600 + 5 * 60 + 6), "3d 04:05:06");
  for (const double odd : {-1.0, kInfinity, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_EQ(format_duration(odd), "?");
  EXPECT_EQ(format_rate(0.5234), "0.52");
  EXPECT_EQ(format_rate(9.996), "10.0");
  EXPECT_EQ(format_rate(42.06), "42.1");
  EXPECT_EQ(format_rate(999.4), "999");
  EXPECT_EQ(format_rate(999.6), "1.00k");
  EXPECT_EQ(format_rate(12345), "12.3k");
  EXPECT_EQ(format_rate(4.56e6), "4.56M");
  EXPECT_EQ(format_rate(kInfinity), "?");
}

TEST_F(TrainSupportTest, ADecimalCommaDoesNotReachTheProgressLine) {
  const DecimalComma comma(root_);
  if (!comma.was_entered()) GTEST_SKIP() << "the locale de_DE.UTF-8 is neither installed nor can be made";
  FakeSink fake;
  Progress progress({.title = "train"}, fake.sink(false));
  fake.now += 10;
  progress.update(training_report(5));
  EXPECT_EQ(fake.written, "train: 5 steps, 16.0 sequences/s, 2.40k tokens/s, loss 1.2346\n");
}

TEST(ProgressTest, StandardOutputStaysClean) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  {
    Progress progress({.title = "train", .total = 2});
    progress.update({.done = 2});
    progress.finish();
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_TRUE(testing::internal::GetCapturedStderr().starts_with("train: 2/2 steps"));
}

}  // namespace
}  // namespace retort::train
