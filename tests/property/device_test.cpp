// Whole commands on the far device, whose memory the processor cannot read, end with the bits of the tensor expressions
// on the processor: training and its scores, inference, continued and stopped runs, several processes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <sstream>

#include "property/far_device_run.h"
#include "property/process_start.h"
#include "property/training_commands.h"

namespace retort::program {
namespace {

std::string name_of(const testing::TestParamInfo<TrainingCommand>& info) { return info.param.name; }

class FarTraining : public testing::TestWithParam<TrainingCommand> {};

TEST_P(FarTraining, HasTheBitsOfTheProcessor) {
  const tiny::TemporaryFolder folder;
  const Outcome far = run_far(GetParam().words(folder / "far")), near = run_near(GetParam().words(folder / "near"));
  ASSERT_EQ(far.exit_code, 0) << far.errors;
  ASSERT_EQ(near.exit_code, 0) << near.errors;
  for (const std::string& file : GetParam().files) expect_same_file(folder / "far", folder / "near", file);
  EXPECT_EQ(logged(folder / "far", "loss"), logged(folder / "near", "loss"));
  EXPECT_FALSE(logged(folder / "far", "loss").empty());
  const Json scores = scores_of(far);
  EXPECT_EQ(scores, scores_of(near));
  EXPECT_EQ(scores.value("train_steps", 0), 4) << scores;
}

INSTANTIATE_TEST_SUITE_P(Commands, FarTraining, testing::ValuesIn(training_commands()), name_of);

TEST(FarInference, EvaluatesToTheSameAnswers) {
  const tiny::TemporaryFolder folder;
  const auto words = [&](const char* name) {
    return Words{"evaluate",
                 "squad",
                 "--model",
                 tiny::question_answering_folder(),
                 "--dev_file",
                 tiny::dev_file(),
                 "--output_dir",
                 folder / name,
                 "--max_seq_length",
                 "64",
                 "--doc_stride",
                 "32",
                 "--max_query_length",
                 "24",
                 "--no_use_cache",
                 "--precision",
                 "fp32",
                 "--threads",
                 "1"};
  };
  const Outcome far = run_far(words("far")), near = run_near(words("near"));
  ASSERT_EQ(far.exit_code, 0) << far.errors;
  for (const char* file : {"predictions.json", "nbest_predictions.json"})
    expect_same_file(folder / "far", folder / "near", file);
  EXPECT_EQ(scores_of(far), scores_of(near));
  EXPECT_TRUE(scores_of(far).contains("f1")) << far.output;
}

TEST(FarInference, AnswersAndLabelsTheSame) {
  const std::string questions = R"({"question": "who built it", "context": "It was built by Odo Marn in 1402."})"
                                "\n"
                                R"({"question": "where is it", "context": "The tower stands in Arvel."})"
                                "\n";
  const Words answer{"predict", "qa", "--model", tiny::question_answering_folder(), "--threads", "1"};
  const Words label{"predict", "text",         "--model",   tiny::classification_folder(),
                    "--text",  "who wrote it", "--threads", "1"};
  for (const char* precision : {"fp32", "bf16"})
    for (const Words& command : {answer, label}) {
      const Words words = with(command, {"--precision", precision});
      const Outcome far = run_far(words, questions), near = run_near(words, questions);
      EXPECT_EQ(far.exit_code, 0) << far.errors;
      EXPECT_EQ(far.output, near.output);
      EXPECT_NE(far.output.find("score"), std::string::npos) << far.output;
    }
}

TEST(FarInference, ForwardWritesTheSameTensors) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "ids.jsonl", "{\"input_ids\": [2, 7, 8, 3]}\n{\"input_ids\": [2, 9, 3]}\n");
  const auto words = [&](const char* name) {
    return Words{"forward",  "--model",     tiny::question_answering_folder(), "--input",   folder / "ids.jsonl",
                 "--output", folder / name, "--output_hidden_states",          "--threads", "1"};
  };
  const Outcome far = run_far(words("far.safetensors")), near = run_near(words("near.safetensors"));
  ASSERT_EQ(far.exit_code, 0) << far.errors;
  ASSERT_EQ(near.exit_code, 0) << near.errors;
  EXPECT_TRUE(read_file(folder / "far.safetensors") == read_file(folder / "near.safetensors"));
}

// Stops a run of 60 steps with SIGTERM once it has a checkpoint.
void stop_in_the_middle(const Words& words, const fs::path& output_dir) {
  Process process(with(words, kFar), "", far_library());
  wait_for_first_checkpoint(output_dir);
  process.send(SIGTERM);
  const Outcome stopped = process.wait();
  ASSERT_EQ(stopped.exit_code, 128 + SIGTERM) << stopped.errors;
  ASSERT_FALSE(fs::exists(output_dir / "DONE"));
}

// Also when the rest runs on the processor: a checkpoint does not depend on the device.
TEST(FarResume, EqualsTheUninterruptedRun) {
  const tiny::TemporaryFolder folder;
  const TrainingCommand squad = training_commands({"finetune_squad"}).at(0);
  const Words more{"--max_steps", "60", "--save_steps", "3"}, resume = with(more, {"--resume"});
  const Outcome whole = run_far(with(squad.words(folder / "whole"), more));
  ASSERT_EQ(whole.exit_code, 0) << whole.errors;
  stop_in_the_middle(with(squad.words(folder / "out"), more), folder / "out");
  fs::copy(folder / "out", folder / "near", fs::copy_options::recursive);
  const Outcome far = run_far(with(squad.words(folder / "out"), resume));
  EXPECT_EQ(far.exit_code, 0) << far.errors;
  EXPECT_NE(far.errors.find("continuing from"), std::string::npos) << far.errors;
  EXPECT_EQ(run_near(with(squad.words(folder / "near"), resume)).exit_code, 0);
  for (const char* rest : {"out", "near"})
    for (const std::string& file : squad.files) expect_same_file(folder / rest, folder / "whole", file);
}

TEST(FarResume, PausedPretrainingContinues) {
  const tiny::TemporaryFolder folder;
  const TrainingCommand pretrain = training_commands({"pretrain_pairs"}).at(0);
  const Words more{"--max_steps", "6"};
  const Outcome whole = run_far(with(pretrain.words(folder / "whole"), more));
  ASSERT_EQ(whole.exit_code, 0) << whole.errors;
  const Outcome paused = run_far(with(pretrain.words(folder / "out"), with(more, {"--steps_this_run", "2"})));
  EXPECT_EQ(paused.exit_code, 0) << paused.errors;
  EXPECT_FALSE(fs::exists(folder / "out/DONE"));
  const Outcome rest = run_far(with(pretrain.words(folder / "out"), with(more, {"--resume"})));
  EXPECT_EQ(rest.exit_code, 0) << rest.errors;
  expect_same_file(folder / "out", folder / "whole", "model.safetensors");
}

// Collectives go through the processor's memory. The device has one index, which both processes name.
TEST(FarProcesses, TwoHaveTheBitsOfTwoOnTheProcessor) {
  const tiny::TemporaryFolder folder;
  const TrainingCommand squad = training_commands({"finetune_squad"}).at(0);
  const Words launch{"launch", "-n", "2"};
  const Outcome far = run_far(with(launch, squad.words(folder / "far"))),
                near = run_near(with(launch, squad.words(folder / "near")));
  ASSERT_EQ(far.exit_code, 0) << far.errors;
  ASSERT_EQ(near.exit_code, 0) << near.errors;
  for (const std::string& file : squad.files) expect_same_file(folder / "far", folder / "near", file);
  EXPECT_EQ(scores_of(far), scores_of(near));
}

// The lines of a log that contain `part`.
std::string lines_with(const std::string& log, const std::string& part) {
  std::string found;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);)
    if (const size_t at = line.find(part); at != line.npos) found += line.substr(at) + "\n";
  return found;
}

// After the first update all weights are beyond what float32 can multiply.
TEST(FarDivergence, SkipsAndStopsAsOnTheProcessor) {
  const tiny::TemporaryFolder folder;
  const TrainingCommand squad = training_commands({"finetune_squad"}).at(0);
  const Words more{"--max_steps",         "20", "--learning_rate",     "1e30",
                   "--max_skipped_steps", "2",  "--lr_scheduler_type", "constant"};
  for (const char* mode : {"eager", "lazy"}) {
    const auto words = [&](const std::string& name) {
      return with(squad.words(folder / (name + mode)), with(more, {"--mode", mode}));
    };
    const Outcome far = run_far(words("far")), near = run_near(words("near"));
    EXPECT_EQ(far.exit_code, 3) << far.errors;
    EXPECT_EQ(near.exit_code, 3) << near.errors;
    const std::string skipped = lines_with(far.errors, "is skipped: its loss is");
    EXPECT_EQ(std::count(skipped.begin(), skipped.end(), '\n'), 2) << far.errors;
    EXPECT_EQ(skipped, lines_with(near.errors, "is skipped: its loss is"));
    const std::string end = lines_with(far.errors, "training diverged: 3 steps in a row");
    EXPECT_NE(end, "") << far.errors;
    EXPECT_EQ(end, lines_with(near.errors, "training diverged: 3 steps in a row"));
    EXPECT_FALSE(fs::exists(folder / (std::string("far") + mode) / "DONE"));
  }
}

}  // namespace
}  // namespace retort::program
