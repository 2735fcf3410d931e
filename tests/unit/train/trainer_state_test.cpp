// The shape is that of the Hugging Face Trainer's file, which `tools/make_fixtures.py train` saved with its own class.
#include "retort/train/trainer_state.h"

#include <bit>
#include <cmath>
#include <limits>

#include "retort/base/random.h"
#include "unit/train/train_testing.h"

namespace retort::train {
namespace {

TrainerState example_state() {
  TrainerState state;
  state.global_step = 800;
  state.epoch = 1.28;
  state.max_steps = 1250;
  state.num_train_epochs = 2;
  state.train_batch_size = 32;
  state.logging_steps = 100;
  state.eval_steps = 400;
  state.save_steps = 400;
  state.total_flos = 1.2345678901234567e16;
  state.best_metric = 88.51351351351352;
  state.best_global_step = 400;
  state.best_model_checkpoint = "out/checkpoint-400";
  state.log_history = {{{"epoch", 0.64}, {"step", 400}, {"loss", 0.1 + 0.2}, {"learning_rate", 2.04e-05}}};
  state.resume = {
      .data_epoch = 1,
      .data_sequence = 5600,
      .sequences_per_epoch = 20480,
      .sequences_per_step = 32,
      .sequences_seen = 25600,
      .tokens_seen = 4567890123,
      .seed = -42,
      .skipped_steps = 1,
      .loss_sum = 0.1,
      .loss_count = 3,
      .component_sums = {{"loss_ce", 0.7}, {"loss_mlm", std::numeric_limits<double>::infinity()}},
      .component_steps = 3,
      .train_seconds = 12.5,
      .micro_batch_tokens = 512,
      .replaced_micro_batch_tokens = 2048,
  };
  return state;
}

std::string resume_error(const std::function<void(Json&)>& spoil) {
  Json values = example_state().to_json();
  spoil(values);
  return user_error_of([&] { TrainerState::from_json(values, "trainer_state.json"); });
}

TEST(TrainerStateTest, HasTheKeysAndValuesOfTheTrainersFile) {
  const Json reference = read_json_file(fs::path(RETORT_FIXTURES) / "train" / "trainer_state.json");
  Json ours = example_state().to_json();
  ours["stateful_callbacks"].erase("RetortResume");
  EXPECT_EQ(nlohmann::json(ours), nlohmann::json(reference)) << "compared without the order of keys";
}

TEST_F(TrainSupportTest, TrainerStateComesBackFromAFile) {
  save_trainer_state(root_, example_state());
  EXPECT_EQ(load_trainer_state(root_).to_json(), example_state().to_json());
}

TEST_F(TrainSupportTest, AnUnsetTrainerStateComesBackToo) {
  save_trainer_state(root_, {});
  const TrainerState state = load_trainer_state(root_);
  EXPECT_FALSE(state.best_metric.has_value());
  EXPECT_TRUE(state.best_model_checkpoint.empty());
  EXPECT_EQ(state.to_json(), TrainerState().to_json());
}

void expect_same_bits(const fs::path& folder, double number) {
  TrainerState state;
  state.resume.loss_sum = number;
  state.best_metric = number;
  save_trainer_state(folder, state);
  const TrainerState loaded = load_trainer_state(folder);
  EXPECT_EQ(std::bit_cast<uint64_t>(loaded.resume.loss_sum), std::bit_cast<uint64_t>(number)) << number;
  EXPECT_EQ(std::bit_cast<uint64_t>(*loaded.best_metric), std::bit_cast<uint64_t>(number)) << number;
}

TEST_F(TrainSupportTest, DoublesComeBackBitForBit) {
  using Limits = std::numeric_limits<double>;
  for (const double number :
       {0.0, -0.0, 0.1, 1.0 / 3, 1e300, Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min(),
        Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), 9007199254740993.0})
    expect_same_bits(root_, number);
  for (uint64_t i = 0; i < 300; ++i) {
    const double number = std::bit_cast<double>(random_bits(make_key(3), i));
    if (std::isfinite(number)) expect_same_bits(root_, number);
  }
}

TEST_F(TrainSupportTest, ADecimalCommaChangesNoNumber) {
  const Json before = example_state().to_json();
  const DecimalComma comma(root_);
  if (!comma.was_entered()) GTEST_SKIP() << "the locale de_DE.UTF-8 is neither installed nor can be made";
  save_trainer_state(root_, example_state());
  const TrainerState loaded = load_trainer_state(root_);
  EXPECT_EQ(loaded.to_json(), before);
  EXPECT_EQ(read_json_file(root_ / kTrainerStateFile), before);
}

TEST(TrainerStateTest, AWrongFieldIsNamed) {
  EXPECT_EQ(
      resume_error([](Json& values) { values.erase("global_step"); }),
      "`global_step` in `trainer_state.json` must be a whole number, but is missing; resume from another checkpoint");
  EXPECT_EQ(resume_error([](Json& values) { values["epoch"] = "one"; }),
            "`epoch` in `trainer_state.json` must be a number, but is \"one\"; resume from another checkpoint");
  EXPECT_EQ(resume_error([](Json& values) { values["max_steps"] = 1.5; }),
            "`max_steps` in `trainer_state.json` must be a whole number, but is 1.5; resume from another checkpoint");
  EXPECT_EQ(resume_error([](Json& values) { values["log_history"] = nullptr; }),
            "`log_history` in `trainer_state.json` must be a list, but is null; resume from another checkpoint");
  EXPECT_EQ(
      resume_error([](Json& values) { values["max_steps"] = uint64_t{1} << 63; }),
      "`max_steps` in `trainer_state.json` must be a whole number, but is 9223372036854775808; resume from another "
      "checkpoint");
  EXPECT_EQ(resume_error([](Json& values) { values = Json::array(); }).substr(0, 44),
            "`best_global_step` in `trainer_state.json` m");
  const Json::json_pointer attributes("/stateful_callbacks/RetortResume/attributes");
  EXPECT_EQ(resume_error([&](Json& values) { values[attributes] = Json::array({1}); }).substr(0, 70),
            "`RetortResume` in `trainer_state.json` must be there for an exact resu");
}

TEST(TrainerStateTest, NumbersThatCannotBeAreNamed) {
  const auto attribute = [](Json& values, const char* name) -> Json& {
    return values["stateful_callbacks"]["RetortResume"]["attributes"][name];
  };
  EXPECT_EQ(resume_error([&](Json& values) { attribute(values, "data_sequence") = 20481; }),
            "`data_sequence` in `trainer_state.json` must be 0 to 20480, but is 20481; resume from another checkpoint");
  EXPECT_NE(resume_error([&](Json& values) { attribute(values, "data_epoch") = -1; }).find("`data_epoch` in"),
            std::string::npos);
  EXPECT_NE(resume_error([&](Json& values) { values["global_step"] = -1; }).find("`global_step` in"),
            std::string::npos);
  EXPECT_NE(resume_error([&](Json& values) {
              values["stateful_callbacks"]["RetortResume"]["attributes"] = 5;
            }).find("`RetortResume` in"),
            std::string::npos);
}

TEST(TrainerStateTest, TheStateOfAnotherProgramIsRefused) {
  const Json reference = read_json_file(fs::path(RETORT_FIXTURES) / "train" / "trainer_state.json");
  EXPECT_EQ(
      user_error_of([&] { TrainerState::from_json(reference, "trainer_state.json"); }),
      "`RetortResume` in `trainer_state.json` must be there for an exact resume, but is missing (the checkpoint of "
      "another program?); give the folder as --model to start from its weights");
}

}  // namespace
}  // namespace retort::train
