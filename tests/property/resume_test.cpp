// A run that stops and resumes ends with the bits of an uninterrupted one: checkpoints restore data order, dropout,
// moments, learning rate and parameters. The stop is a signal in the middle of a chosen step.
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <functional>
#include <map>

#include "property/tiny_run.h"
#include "retort/base/error.h"

namespace retort::property {
namespace {

// 40 questions make about 200 features, so an epoch has some 50 steps of 4; the tests take a few steps.
recipe::FinetuneSquadConfig settings(const fs::path& output_dir) {
  recipe::FinetuneSquadConfig config = tiny::squad_settings(output_dir);
  config.data.max_train_examples = 6;
  config.training.learning_rate = 1e-3;
  config.training.warmup_proportion = 0.2;
  config.training.weight_decay = 0.01;
  config.training.num_train_epochs = 2.5;
  config.training.max_steps = -1;
  config.training.per_device_train_batch_size = 2;
  config.training.gradient_accumulation_steps = 3;
  config.training.max_tokens_per_micro_batch = 150;  // two sequences per micro-batch
  return config;
}

// Raises `signal_number` during step `step`, after which the run saves and ends. Returns its exit code.
int run_until_signal(const recipe::FinetuneSquadConfig& config, int64_t step, int signal_number) {
  try {
    train_tiny(config, [&](int64_t number, kernel::ParameterStore&) {
      if (number == step) std::raise(signal_number);
    });
  } catch (const Interrupted& interruption) {
    return interruption.exit_code;
  }
  return 0;
}

RunResult resume(recipe::FinetuneSquadConfig config) {
  config.output.resume = true;
  return train_tiny(config);
}

const RunResult& uninterrupted() {
  static const RunResult result = train_tiny(settings(""));
  return result;
}

TEST(Resume, EqualsTheUninterruptedRunWhereverItStopped) {
  const int64_t steps = uninterrupted().summary.steps;
  ASSERT_GE(steps, 8) << "the run must be longer than an epoch to show anything";
  for (const int64_t step : {int64_t{1}, steps / 5, steps / 2, steps - 1, steps}) {
    const tiny::TemporaryFolder folder;
    ASSERT_EQ(run_until_signal(settings(folder / "out"), step, SIGTERM), 143) << "step " << step;
    const RunResult resumed = resume(settings(folder / "out"));
    EXPECT_TRUE(resumed.parameters == uninterrupted().parameters) << "stopped after step " << step << " of " << steps;
    EXPECT_EQ(resumed.summary.sequences, uninterrupted().summary.sequences);
    EXPECT_EQ(resumed.summary.tokens, uninterrupted().summary.tokens);
    EXPECT_EQ(resumed.summary.loss, uninterrupted().summary.loss);
  }
}

// The evaluation after the last step takes minutes and may be killed or fail: no step is trained again.
TEST(Resume, TheLastStepIsSavedBeforeTheEvaluation) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = settings(folder / "out");
  config.training.save_steps = 1000;
  train_tiny(config);
  int64_t steps_again = 0;
  config.output.resume = true;
  const RunResult resumed = train_tiny(config, [&](int64_t, kernel::ParameterStore&) { ++steps_again; });
  EXPECT_EQ(steps_again, 0);
  EXPECT_TRUE(resumed.parameters == uninterrupted().parameters);
  EXPECT_EQ(resumed.summary.steps, uninterrupted().summary.steps);
  EXPECT_EQ(resumed.summary.loss, uninterrupted().summary.loss);
}

TEST(Resume, EqualsTheUninterruptedRunAfterSeveralStops) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = settings(folder / "out");
  ASSERT_EQ(run_until_signal(config, 2, SIGINT), 130);
  config.output.resume = true;
  ASSERT_EQ(run_until_signal(config, 3, SIGUSR1), 138);
  ASSERT_EQ(run_until_signal(config, 1, SIGTERM), 143);
  EXPECT_TRUE(resume(config).parameters == uninterrupted().parameters);
}

TEST(Resume, EqualsTheUninterruptedRunInBf16AndWithBertAdamAndReferenceKernels) {
  const auto variants = std::to_array<std::function<void(train::TrainingConfig&)>>({
      [](train::TrainingConfig& training) { training.precision = "bf16"; },
      [](train::TrainingConfig& training) { training.optimizer = "bertadam"; },
      [](train::TrainingConfig& training) { training.kernels = "reference"; },
      [](train::TrainingConfig& training) { training.group_by_length = true; },
  });
  for (size_t i = 0; i < variants.size(); ++i) {
    const tiny::TemporaryFolder folder;
    recipe::FinetuneSquadConfig config = settings(folder / "out");
    config.training.num_train_epochs = 1.5;
    variants[i](config.training);
    ASSERT_EQ(run_until_signal(config, 3, SIGTERM), 143);
    const RunResult resumed = resume(config);
    config.output.output_dir.clear();
    EXPECT_TRUE(resumed.parameters == train_tiny(config).parameters) << "variant " << i;
  }
}

TEST(Resume, LeavesADamagedNewestCheckpointForTheOneBefore) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = settings(folder / "out");
  config.training.save_steps = 1;
  config.training.save_total_limit = 3;
  ASSERT_EQ(run_until_signal(config, 4, SIGTERM), 143);
  for (const char* name : {"model.safetensors", "optimizer.safetensors", "trainer_state.json"})
    ASSERT_TRUE(fs::exists(folder / "out" / "checkpoint-4" / name)) << name;
  std::string bytes = read_file(folder / "out/checkpoint-4/model.safetensors");
  bytes[bytes.size() - 1000] ^= 1;
  write_file_atomically(folder / "out/checkpoint-4/model.safetensors", bytes);

  testing::internal::CaptureStderr();
  const RunResult resumed = resume(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("checkpoint-4` is skipped, because it is incomplete or damaged"), std::string::npos) << log;
  EXPECT_NE(log.find("model.safetensors"), std::string::npos) << log;
  EXPECT_NE(log.find("checkpoint-3` at step 3"), std::string::npos) << log;
  EXPECT_TRUE(resumed.parameters == uninterrupted().parameters);
}

// {step: score} of the evaluations in the log history of a run's newest checkpoint.
std::map<int64_t, Json> evaluations_of(const fs::path& output_dir) {
  std::map<int64_t, Json> scores;
  const Json state = read_json_file(checkpoint::list_checkpoints(output_dir).back().path / train::kTrainerStateFile);
  for (const Json& entry : state.at("log_history"))
    if (entry.contains("eval_f1")) scores[entry.at("step").get<int64_t>()] = entry.at("eval_f1");
  return scores;
}

TEST(Resume, EvaluatesTheStepAtWhichASignalStoppedIt) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = settings(folder / "whole");
  config.data.dev_file = tiny::dev_file();
  config.training.evaluate_during_training = true;
  config.training.eval_steps = 2;
  config.training.save_steps = 1000;
  const RunResult whole = train_tiny(config);
  const auto expected = evaluations_of(folder / "whole");
  ASSERT_GE(expected.size(), 4U);

  config.output.output_dir = folder / "cut";
  config.training.save_steps = 0;
  ASSERT_EQ(run_until_signal(config, 2, SIGTERM), 143);  // before the evaluation after step 2
  EXPECT_TRUE(evaluations_of(folder / "cut").empty());
  EXPECT_TRUE(train::load_trainer_state(folder / "cut/checkpoint-2").resume.evaluation_is_due);
  config.training.save_steps = 1000;
  EXPECT_TRUE(resume(config).parameters == whole.parameters);
  EXPECT_EQ(evaluations_of(folder / "cut"), expected);

  config.output.output_dir = folder / "last";
  ASSERT_EQ(run_until_signal(config, whole.summary.steps, SIGTERM), 143);
  EXPECT_TRUE(resume(config).parameters == whole.parameters);
  EXPECT_EQ(evaluations_of(folder / "last"), expected) << "the checkpoint gets what was missing";
}

// The run ends with the best model; a run with more epochs must still resume from the last one.
TEST(Resume, KeepsTheLastStepBesideTheBest) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = settings(folder / "out");
  config.data.dev_file = tiny::dev_file();
  config.training.evaluate_during_training = config.training.load_best_model_at_end = true;
  config.training.eval_steps = 1;
  config.training.save_steps = 0;
  config.training.learning_rate = 0.05;  // so high that scores soon get worse
  const int64_t steps = train_tiny(config).summary.steps;
  const int64_t best =
      train::load_trainer_state(checkpoint::list_checkpoints(folder / "out").back().path).best_global_step.value_or(-1);
  ASSERT_LT(best, steps) << "the last must not be the best here";
  const auto weights_of = [&](int64_t step) {
    return read_file(folder / "out" / fmt::format("checkpoint-{}", step) / "model.safetensors");
  };
  EXPECT_NE(weights_of(steps), weights_of(best));
}

// Without regular checkpoints the trained state is only in memory during the final evaluation.
TEST(Resume, ASignalInTheFinalEvaluationLosesNothing) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = settings(folder / "out");
  config.training.save_steps = 0;
  int exit_code = 0;
  std::string message;
  try {
    run_recipe(config, [] {
      std::raise(SIGTERM);
      train::throw_if_stopped();
      return Json::object();
    });
  } catch (const Interrupted& stopped) {
    exit_code = stopped.exit_code, message = stopped.what();
  }
  EXPECT_EQ(exit_code, 143);
  const std::string step = fmt::to_string(uninterrupted().summary.steps);
  EXPECT_EQ(message, fmt::format("stopped by SIGTERM after step {}; saved as `{}`, --resume continues from there", step,
                                 (folder / ("out/checkpoint-" + step)).string()));
  EXPECT_FALSE(fs::exists(folder / "out/DONE"));

  config.output.resume = true;
  EXPECT_EQ(run_recipe(config, [] { return Json{{"score", 1}}; }), Json({{"score", 1}}));
  EXPECT_EQ(read_json_file(folder / "out/results.json"), Json({{"score", 1}}));
  const at::Tensor trained = tiny::load(folder / "out").model->parameters().values();
  EXPECT_EQ(std::string(static_cast<const char*>(trained.data_ptr()), trained.nbytes()), uninterrupted().parameters);
}

TEST(Resume, RefusesDataOfAnotherContent) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = settings(folder / "out");
  fs::copy_file(config.data.train_file, folder / "train.json");
  config.data.train_file = folder / "train.json";
  ASSERT_EQ(run_until_signal(config, 1, SIGTERM), 143);
  Json questions = read_json_file(config.data.train_file);
  // the same number of tokens, the same answers
  for (Json& paragraph : questions["data"][0]["paragraphs"])
    for (Json& question : paragraph["qas"]) question["question"] = "?" + std::string(question["question"]).substr(1);
  write_json_file(config.data.train_file, questions);
  EXPECT_NE(tiny::message_of([&] { resume(config); }).find("must be those of the run that is continued"),
            std::string::npos);
}

TEST(Resume, StartsFromTheBeginningWithoutACheckpoint) {
  const tiny::TemporaryFolder folder;
  EXPECT_TRUE(resume(settings(folder / "out")).parameters == uninterrupted().parameters);
}

// Every sequence comes once per epoch, also when the batch size changes at a resume.
TEST(Resume, ContinuesTheEpochWithAnotherBatchSize) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = settings(folder / "out");
  config.training.num_train_epochs = 2;
  const auto rows = train_tiny([&] {
                      recipe::FinetuneSquadConfig whole = config;
                      whole.output.output_dir.clear();
                      return whole;
                    }())
                        .summary.sequences;
  ASSERT_EQ(run_until_signal(config, 2, SIGTERM), 143);  // 12 sequences
  config.training.gradient_accumulation_steps = 5;
  testing::internal::CaptureStderr();
  const RunResult resumed = resume(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("continued with 10 sequences in a step, but was begun with 6"), std::string::npos) << log;
  EXPECT_EQ(resumed.summary.sequences, rows);
  EXPECT_EQ(resumed.summary.steps, 2 + (rows / 2 - 12 + 9) / 10 + (rows / 2 + 9) / 10);
}

TEST(Resume, RefusesOtherDataAndAnotherBatchSizeOfGroupedSteps) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = settings(folder / "out");
  config.training.group_by_length = true;
  ASSERT_EQ(run_until_signal(config, 1, SIGTERM), 143);
  recipe::FinetuneSquadConfig other = config;
  other.training.per_device_train_batch_size = 4;
  EXPECT_NE(tiny::message_of([&] { resume(other); }).find("a step must hold 6 sequences as in the run"),
            std::string::npos);
  other = config;
  other.data.max_train_examples = 5;
  EXPECT_NE(tiny::message_of([&] { resume(other); }).find("the training data must be those of the run"),
            std::string::npos);
}

TEST(Resume, RefusesAnotherSeed) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = settings(folder / "out");
  ASSERT_EQ(run_until_signal(config, 1, SIGTERM), 143);
  config.training.seed = 7;
  try {
    resume(config);
    FAIL() << "a run must not continue with another data order";
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "`seed` must be 42 as in the run that is continued, but is 7");
  }
}

}  // namespace
}  // namespace retort::property
