// The optimizers' defaults, clipping and schedules against the published ones.
#include "retort/train/optimizer_settings.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace retort::train {
namespace {

TrainingConfig parsed(TrainingConfig config, const std::vector<std::string>& flags) {
  FieldList list;
  config.fields(list);
  parse_flags(list, flags);
  config.use_optimizer_defaults(list);
  return config;
}

TEST(OptimizerSettings, LambAndBertAdamHaveTheirPublishedDefaults) {
  TrainingConfig own;
  own.adam_beta2 = 0.98;  // as `distill mlm`
  for (const char* const name : {"lamb", "bertadam"}) {
    const TrainingConfig config = parsed(own, {"--optimizer", name});
    EXPECT_EQ(config.adam_beta1, 0.9) << name;
    EXPECT_EQ(config.adam_beta2, 0.999) << name;
    EXPECT_EQ(config.adam_epsilon, 1e-6) << name;
    EXPECT_EQ(config.weight_decay, 0.01) << name;
  }
  EXPECT_EQ(parsed(own, {}).adam_beta2, 0.98);
  EXPECT_EQ(parsed(own, {"--optimizer", "adamw"}).adam_epsilon, 1e-8);
  EXPECT_EQ(parsed(own, {"--optimizer", "adamw"}).weight_decay, 0);
}

TEST(OptimizerSettings, GivenFlagsAndACommandsOwnOptimizerStay) {
  const TrainingConfig given = parsed({}, {"--optimizer", "lamb", "--adam_epsilon", "1e-8", "--weight_decay", "0"});
  EXPECT_EQ(given.adam_epsilon, 1e-8) << "the value of adamw, but given";
  EXPECT_EQ(given.weight_decay, 0);
  TrainingConfig own;
  own.optimizer = "bertadam";
  EXPECT_EQ(parsed(own, {"--optimizer", "bertadam"}).adam_epsilon, 1e-8);
  EXPECT_EQ(parsed(own, {"--optimizer", "lamb"}).adam_epsilon, 1e-6);
}

// lr * schedule(step / t_total, warmup) with the count before the increment: 0 first, then x / w and (x - 1) / (w - 1).
TEST(OptimizerSettings, BertAdamReadsTheScheduleBeforeItCounts) {
  TrainingConfig config;
  config.optimizer = "bertadam", config.warmup_proportion = 0.1;
  for (const int64_t total : {25, 1000}) {
    const optim::Schedule schedule = make_schedule(config, total);
    for (int64_t update = 1; update <= total; ++update) {
      const double x = static_cast<double>(update - 1) / static_cast<double>(total), w = 0.1;
      EXPECT_NEAR(schedule.factor(update), x < w ? x / w : std::max((x - 1) / (w - 1), 0.0), 1e-12) << update;
    }
    EXPECT_EQ(schedule.factor(1), 0);
  }
  config.optimizer = "adamw";
  EXPECT_EQ(make_schedule(config, 25).warmup_steps, 3) << "transformers rounds up";
  config.optimizer = "bertadam", config.lr_scheduler_type = "nvidia_linear";
  EXPECT_NEAR(3e-5 * make_schedule(config, 1000).factor(1), 3e-7, 1e-12) << "a scheduler of its own: k / total";
}

TEST(OptimizerSettings, ALargerNormIsThatOfSingleTensorsToo) {
  TrainingConfig config;
  for (const auto& [norm, expected] : {std::pair(5.0, 5.0), {1.0, 1.0}, {0.5, 1.0}, {0.0, 0.0}}) {
    config.max_grad_norm = norm;
    EXPECT_EQ(optimizer_options(config).tensor_max_norm, expected) << norm;
  }
}

}  // namespace
}  // namespace retort::train
