// A run with losses or gradients that are not finite skips these steps; after too many it stops and keeps its
// checkpoint.
#include <gtest/gtest.h>

#include <ATen/core/Tensor.h>

#include <limits>

#include "property/tiny_run.h"
#include "retort/base/error.h"
#include "retort/checkpoint/manifest.h"
#include "retort/checkpoint/weights.h"

namespace retort::property {
namespace {

// Sets one weight of the encoder to infinity where `is_poisoned`, and restores it elsewhere.
class Poison {
 public:
  void set(kernel::ParameterStore& parameters, bool is_poisoned) {
    const kernel::NamedSlice* slice = parameters.find("bert.encoder.layer.0.output.dense.weight");
    float* weight = parameters.tensor(*slice).data_ptr<float>();
    if (is_poisoned && !std::isinf(*weight)) saved_ = *weight;
    if (is_poisoned || std::isinf(*weight)) *weight = is_poisoned ? std::numeric_limits<float>::infinity() : saved_;
    parameters.refresh_operands();
  }

 private:
  float saved_ = 0;
};

TEST(Divergence, SkipsStepsThatAreNotFinite) {
  recipe::FinetuneSquadConfig config = tiny::squad_settings("");
  config.training.max_skipped_steps = 2;
  Poison poison;
  testing::internal::CaptureStderr();
  const RunResult result = train_tiny(config, [&](int64_t step, kernel::ParameterStore& parameters) {
    poison.set(parameters, step == 2 || step == 3);
  });
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(result.summary.skipped_steps, 2);
  EXPECT_EQ(result.summary.steps, 6);
  EXPECT_NE(log.find("step 2 is skipped: its loss is"), std::string::npos) << log;
  EXPECT_EQ(log.find("step 4 is skipped"), std::string::npos) << log;
}

TEST(Divergence, StopsAfterTooManyStepsAndKeepsTheCheckpoint) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = tiny::squad_settings(folder / "out");
  config.training.max_steps = 20;
  config.training.max_skipped_steps = 3;
  config.training.save_steps = 4;
  Poison poison;
  try {
    train_tiny(config, [&](int64_t step, kernel::ParameterStore& parameters) { poison.set(parameters, step > 4); });
    FAIL() << "the run must not end well";
  } catch (const DivergenceError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("4 steps in a row had a loss or gradient that is not finite; step 8"), text.npos) << text;
    EXPECT_NE(text.find("bert.encoder.layer.0.output.dense.weight"), text.npos) << text;
  }
  EXPECT_EQ(checkpoint::verify_checkpoint_folder(folder / "out/checkpoint-4"), std::nullopt);
}

}  // namespace
}  // namespace retort::property
