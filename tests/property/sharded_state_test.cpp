// Training with the optimizer's state sharded over processes, and with gradients sent in different ways: the run, its
// checkpoints and its failures.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

#include "property/process_start.h"
#include "retort/checkpoint/checkpoint_list.h"
#include "retort/checkpoint/safetensors.h"

namespace retort::program {
namespace {

Words words_of(const fs::path& output_dir, std::vector<Words> more) {
  Words all{"--max_steps", "12", "--learning_rate", "1e-3", "--precision", "fp32"};
  for (const Words& each : more) all.insert(all.end(), each.begin(), each.end());
  return finetune_squad_words(output_dir, all);
}

const Words kSharded{"--shard_optimizer_state"};

void train(const fs::path& output_dir, int count, const std::vector<Words>& more) {
  auto processes = start(words_of(output_dir, more), count);
  const auto outcomes = wait_for(processes);
  for (const Outcome& outcome : outcomes)
    if (outcome.exit_code != 0) throw std::runtime_error(errors_of(outcomes));
}

// Model and moments of the newest checkpoint, and of the finished folder.
void expect_same_files(const fs::path& a, const fs::path& b) {
  const auto newest = [](const fs::path& run) {
    const auto found = checkpoint::list_checkpoints(run);
    return found.empty() ? throw std::runtime_error("no checkpoint in " + run.string()) : found.back();
  };
  ASSERT_EQ(newest(a).step, newest(b).step);
  EXPECT_EQ(read_file(a / "model.safetensors"), read_file(b / "model.safetensors"));
  for (const char* file : {"model.safetensors", "optimizer.safetensors"})
    EXPECT_EQ(read_file(newest(a).path / file), read_file(newest(b).path / file)) << file;
}

// Three processes that share out the state write the files of three that do not, byte for byte, and both those of one
// process up to the rounding of sums.
TEST(ShardedState, GivesTheRunAndTheFilesOfUnshardedState) {
  for (const Words& optimizer : {Words{}, Words{"--optimizer", "lamb"}, Words{"--optimizer", "bertadam"}}) {
    const tiny::TemporaryFolder folder;
    const Words batch{"--per_device_train_batch_size", "2", "--save_steps", "5"};
    train(folder / "whole", 3, {batch, optimizer});
    train(folder / "sharded", 3, {batch, optimizer, kSharded});
    expect_same_files(folder / "sharded", folder / "whole");
    const Outcome alone =
        run(words_of(folder / "one", {{"--per_device_train_batch_size", "6", "--save_steps", "5"}, optimizer}));
    ASSERT_EQ(alone.exit_code, 0) << alone.errors;
    EXPECT_LT(relative_difference(folder / "sharded", folder / "one", tiny::question_answering_folder()), 1e-3);
  }
}

// Also where only the last step is saved because the best model is taken, and where nothing is saved.
TEST(ShardedState, EvaluatesAndTakesTheBestModel) {
  const tiny::TemporaryFolder folder;
  const Words more{"--per_device_train_batch_size",
                   "3",
                   "--dev_file",
                   tiny::dev_file(),
                   "--evaluate_during_training",
                   "--eval_steps",
                   "4",
                   "--load_best_model_at_end",
                   "--save_steps",
                   "0"};
  train(folder / "whole", 2, {more});
  train(folder / "sharded", 2, {more, kSharded});
  expect_same_files(folder / "sharded", folder / "whole");
  EXPECT_EQ(read_json_file(folder / "sharded/results.json").at("f1"),
            read_json_file(folder / "whole/results.json").at("f1"));
}

// A checkpoint of two processes is continued by three that share the state, by one, and by two: these end with the
// bytes of the uninterrupted run.
TEST(ShardedState, IsContinuedByAnotherNumberOfProcesses) {
  const tiny::TemporaryFolder folder;
  const auto more = [](const char* batch) {
    return Words{"--per_device_train_batch_size", batch, "--save_steps", "3", "--max_steps", "48"};
  };
  train(folder / "whole", 2, {more("3"), kSharded});

  auto processes = start(words_of(folder / "two", {more("3"), kSharded}), 2);
  wait_for_first_checkpoint(folder / "two");
  processes[1]->send(SIGTERM);
  const auto stopped = wait_for(processes);
  for (const Outcome& outcome : stopped) EXPECT_EQ(outcome.exit_code, 128 + SIGTERM) << errors_of(stopped);
  for (const char* copy : {"three", "one"}) fs::copy(folder / "two", folder / copy, fs::copy_options::recursive);

  const Words resume{"--resume"};
  train(folder / "two", 2, {more("3"), kSharded, resume});
  EXPECT_EQ(read_file(folder / "two/model.safetensors"), read_file(folder / "whole/model.safetensors"));
  train(folder / "three", 3, {more("2"), kSharded, resume});
  const Outcome alone = run(words_of(folder / "one", {more("6"), resume}));
  ASSERT_EQ(alone.exit_code, 0) << alone.errors;
  for (const char* other : {"three", "one"})
    EXPECT_LT(relative_difference(folder / other, folder / "whole", tiny::question_answering_folder()), 1e-3) << other;
}

TEST(ShardedState, OfALostProcessIsLost) {
  const tiny::TemporaryFolder folder;
  const Words more{"--max_steps",       "200", "--save_steps", "5", "--per_device_train_batch_size", "2",
                   "--process_timeout", "3"};
  auto processes = start(words_of(folder / "out", {more, kSharded}), 3);
  wait_for_first_checkpoint(folder / "out");
  processes[1]->send(SIGKILL);
  const Outcome main = processes[0]->wait(), other = processes[2]->wait();
  EXPECT_EQ(main.exit_code, 75) << main.errors;
  EXPECT_EQ(other.exit_code, 75) << other.errors;
  EXPECT_NE(main.errors.find("rank 1 of 3"), std::string::npos) << main.errors;
  EXPECT_NE(main.errors.find("its part of the optimizer state is lost"), std::string::npos) << main.errors;
  train(folder / "out", 3, {more, kSharded, {"--resume", "--max_steps", "30"}});
  EXPECT_TRUE(fs::exists(folder / "out/DONE"));
}

// Of two numbers the sum does not depend on the order, so the way of sending changes no bit.
TEST(GradientReduction, BucketsDuringTheBackwardPassChangeNoBit) {
  const tiny::TemporaryFolder folder;
  const Words batch{"--per_device_train_batch_size", "3"};
  train(folder / "buckets", 2, {batch, {"--bucket_cap_mb", "1", "--logging_steps", "1"}});
  train(folder / "after", 2, {batch, {"--allreduce_post_accumulation", "--logging_steps", "1"}});
  EXPECT_EQ(read_file(folder / "buckets/model.safetensors"), read_file(folder / "after/model.safetensors"));
  const auto hidden = [&](const char* run) {
    double sum = 0;
    std::istringstream lines(read_file(folder / run / "train_log.jsonl"));
    for (std::string line; std::getline(lines, line);)
      if (const Json event = Json::parse(line); event.contains("hidden_communication_share"))
        sum += event.at("hidden_communication_share").get<double>();
    return sum;
  };
  EXPECT_GT(hidden("buckets"), 0);
  EXPECT_EQ(hidden("after"), 0);
}

TEST(GradientReduction, InSixteenBitsIsTheSameRunUpToTheirRounding) {
  const tiny::TemporaryFolder folder;
  const Words batch{"--per_device_train_batch_size", "3"};
  train(folder / "fp32", 2, {batch});
  train(folder / "bf16", 2, {batch, {"--allreduce_post_accumulation_fp16"}});
  const double difference = relative_difference(folder / "bf16", folder / "fp32", tiny::question_answering_folder());
  EXPECT_GT(difference, 0);
  EXPECT_LT(difference, 0.1);
}

}  // namespace
}  // namespace retort::program
