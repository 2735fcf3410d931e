// Half precision with a loss scale, by the tensor expressions that devices use: it learns as float32 does, an overflow
// halves the scale and is no divergence, and the scale continues with the run.
#include <gtest/gtest.h>

#include <csignal>

#include "property/tiny_run.h"
#include "retort/base/error.h"
#include "retort/checkpoint/manifest.h"
#include "retort/train/trainer_state.h"

namespace retort::property {
namespace {

recipe::FinetuneSquadConfig half_settings(const fs::path& output_dir) {
  recipe::FinetuneSquadConfig config = tiny::squad_settings(output_dir);
  config.training.kernels = "reference";
  config.training.precision = "fp16";
  config.training.learning_rate = 1e-3;
  config.training.save_steps = 1;
  return config;
}

train::ResumeState newest_state(const fs::path& output_dir) {
  return train::load_trainer_state(checkpoint::list_checkpoints(output_dir).back().path).resume;
}

TEST(HalfPrecision, LearnsAsFloat32Does) {
  recipe::FinetuneSquadConfig config = half_settings("");
  config.training.loss_scale = 256;
  config.training.max_steps = 40;
  config.training.per_device_train_batch_size = 8;
  config.training.learning_rate = 3e-3;
  config.training.logging_steps = 5;
  const RunResult half = train_tiny(config);
  EXPECT_EQ(half.summary.skipped_steps, 0);
  EXPECT_LT(half.summary.loss, 0.75 * 4.2) << "ln(64) is the loss of a guess";
  config.training.precision = "fp32";
  const RunResult single = train_tiny(config);
  EXPECT_NEAR(half.summary.loss, single.summary.loss, 0.1 * single.summary.loss);
  EXPECT_GT(relative_difference(half, single), 0) << "both in the same precision";
}

TEST(HalfPrecision, OneStepIsThatOfFloat32) {
  recipe::FinetuneSquadConfig config = half_settings("");
  config.training.loss_scale = 256;
  config.training.max_steps = 1;
  config.training.optimizer = "bertadam";  // without bias correction, so that small gradients make small updates
  const RunResult half = train_tiny(config);
  config.training.loss_scale = 16;
  EXPECT_LT(relative_difference(half, train_tiny(config)), 1e-3) << "the update depends on the scale";
  config.training.precision = "fp32";
  EXPECT_LT(relative_difference(half, train_tiny(config)), 5e-3);
}

TEST(HalfPrecision, AnOverflowHalvesTheScaleAndIsNoDivergence) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = half_settings(folder / "out");
  config.training.init_loss_scale = 0x1p24;
  config.training.max_skipped_steps = 0;
  config.training.max_steps = 20;
  testing::internal::CaptureStderr();
  const RunResult result = train_tiny(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("step 1 is skipped: its gradients overflow at the loss scale 16777216, which is 8388608 from now "
                     "on"),
            std::string::npos)
      << log;
  const int64_t skipped = result.summary.skipped_steps;
  ASSERT_GE(skipped, 2);
  ASSERT_LT(skipped, 20);
  EXPECT_EQ(newest_state(folder / "out").loss_scale, std::ldexp(1.0, 24 - static_cast<int>(skipped)));
}

TEST(HalfPrecision, AFixedScaleThatOverflowsEndsTheRun) {
  recipe::FinetuneSquadConfig config = half_settings("");
  config.training.loss_scale = 0x1p40;
  config.training.max_skipped_steps = 1;
  EXPECT_THROW(train_tiny(config), DivergenceError);
}

TEST(HalfPrecision, AResumedRunContinuesWithTheScale) {
  const tiny::TemporaryFolder folder;
  const auto settings = [&](const char* name) {
    recipe::FinetuneSquadConfig config = half_settings(folder / name);
    config.training.init_loss_scale = 0x1p20;
    config.training.max_steps = 14;
    return config;
  };
  const RunResult whole = train_tiny(settings("whole"));
  const train::ResumeState expected = newest_state(folder / "whole");
  EXPECT_GT(whole.summary.skipped_steps, 0);
  for (const int64_t stop : {1, 3, 11}) {
    recipe::FinetuneSquadConfig config = settings("stopped");
    fs::remove_all(folder / "stopped");
    EXPECT_THROW(train_tiny(config,
                            [&](int64_t step, kernel::ParameterStore&) {
                              if (step == stop) std::raise(SIGTERM);
                            }),
                 Interrupted);
    config.output.resume = true;
    EXPECT_TRUE(train_tiny(config).parameters == whole.parameters) << "stopped at step " << stop;
    EXPECT_EQ(newest_state(folder / "stopped").loss_scale, expected.loss_scale);
    EXPECT_EQ(newest_state(folder / "stopped").loss_scale_steps, expected.loss_scale_steps);
  }
}

TEST(HalfPrecision, LazyAndGraphModeHaveTheBitsOfEagerMode) {
  recipe::FinetuneSquadConfig config = half_settings("");
  config.training.max_steps = 12;
  config.training.save_steps = 0;
  const RunResult eager = train_tiny(config);
  config.training.mode = "lazy";
  EXPECT_TRUE(train_tiny(config).parameters == eager.parameters);
  config.training.mode = "graph";
  testing::internal::CaptureStderr();
  EXPECT_TRUE(train_tiny(config).parameters == eager.parameters);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("steps with a loss scale are not recorded; the run goes on as in lazy mode"), log.npos) << log;
}

}  // namespace
}  // namespace retort::property
