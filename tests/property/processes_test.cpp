// Several processes that train one model: the result is that of one process, and when one of them dies or hangs the
// others name it, save the last step and continue later.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

#include "property/process_start.h"
#include "retort/data/corpus/token_file.h"
#include "retort/text/tokenizer.h"

namespace retort::program {
namespace {

Words words_of_run(const fs::path& output_dir, const Words& more) {
  Words all{"--max_steps", "12", "--learning_rate", "1e-3", "--precision", "fp32"};
  all.insert(all.end(), more.begin(), more.end());
  return finetune_squad_words(output_dir, all);
}

// Three ranks with batches of 2 equal one process with a batch of 6, with dropout; the last step of an epoch is
// smaller.
TEST(Processes, TrainTheModelOfOneProcess) {
  const tiny::TemporaryFolder folder;
  const Outcome alone = run(words_of_run(folder / "one", {"--per_device_train_batch_size", "6"}));
  ASSERT_EQ(alone.exit_code, 0) << alone.errors;
  auto processes = start(words_of_run(folder / "three", {"--per_device_train_batch_size", "2"}), 3);
  const auto outcomes = wait_for(processes);
  for (const Outcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << errors_of(outcomes);
  EXPECT_LT(relative_difference(folder / "three", folder / "one", tiny::question_answering_folder()), 1e-3);
  const Json one = alone.last_line(), three = outcomes[0].last_line();
  EXPECT_NEAR(three.at("train_loss").get<double>(), one.at("train_loss").get<double>(), 1e-4);
  EXPECT_EQ(three.at("train_steps"), one.at("train_steps"));
  for (int rank : {1, 2}) {
    EXPECT_EQ(outcomes[rank].output, "") << "only rank 0 logs";
    EXPECT_EQ(outcomes[rank].errors, "");
  }
}

// With a learning rate of 0 all have the model that they began with, so the answers are the same, byte for byte.
TEST(Processes, EvaluateTogether) {
  const tiny::TemporaryFolder folder;
  const auto words = [&](const char* output_dir) {
    return words_of_run(folder / output_dir,
                        {"--learning_rate", "0", "--weight_decay", "0", "--max_steps", "2", "--dev_file",
                         tiny::dev_file(), "--evaluate_during_training", "--load_best_model_at_end"});
  };
  const Outcome alone = run(words("one"));
  ASSERT_EQ(alone.exit_code, 0) << alone.errors;
  auto processes = start(words("three"), 3);
  const auto outcomes = wait_for(processes);
  for (const Outcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << errors_of(outcomes);
  for (const char* file : {"predictions.json", "nbest_predictions.json"})
    EXPECT_EQ(read_file(folder / "three" / file), read_file(folder / "one" / file)) << file;
  for (const char* score : {"f1", "exact"})
    EXPECT_EQ(outcomes[0].last_line().at(score), alone.last_line().at(score)) << score;
}

// Masks are drawn for the whole step, so they do not depend on the number of ranks.
TEST(Processes, DistillTheLanguageModelOfOneProcess) {
  const tiny::TemporaryFolder folder;
  const fs::path models = fs::path(RETORT_FIXTURES) / "distilbert_distillation";
  const text::Tokenizer tokenizer = text::Tokenizer::load(models / "student_mlm");
  data::TokenFileWriter writer(folder / "corpus.tokens", data::TokenVocabulary::of(tokenizer));
  for (int32_t i = 0; i < 31; ++i) {
    std::vector<int32_t> ids{tokenizer.cls_id()};
    for (int32_t t = 0; t < 12 + i % 7; ++t) ids.push_back(tokenizer.vocabulary_size() / 2 + (t * 5 + i) % 9);
    ids.push_back(tokenizer.sep_id());
    writer.add(ids);
  }
  writer.publish(1);
  const auto words = [&](const char* output_dir, const char* batch_size) {
    return Words{"distill",
                 "mlm",
                 "--model",
                 models / "student_mlm",
                 "--teacher",
                 models / "teacher_mlm",
                 "--data_file",
                 folder / "corpus.tokens",
                 "--eval_file",
                 folder / "corpus.tokens",
                 "--output_dir",
                 folder / output_dir,
                 "--precision",
                 "fp32",
                 "--threads",
                 "1",
                 "--max_steps",
                 "9",
                 "--alpha_cos",
                 "1",
                 "--max_seq_length",
                 "32",
                 "--min_seq_length",
                 "2",
                 "--learning_rate",
                 "1e-3",
                 "--per_device_train_batch_size",
                 batch_size,
                 "--gradient_accumulation_steps",
                 "2"};
  };
  const Outcome alone = run(words("one", "4"));
  ASSERT_EQ(alone.exit_code, 0) << alone.errors;
  auto processes = start(words("two", "2"), 2);
  const auto outcomes = wait_for(processes);
  for (const Outcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << errors_of(outcomes);
  EXPECT_LT(relative_difference(folder / "two", folder / "one", models / "student_mlm"), 1e-3);
  EXPECT_NEAR(outcomes[0].last_line().at("loss").get<double>(), alone.last_line().at("loss").get<double>(), 1e-3);
  EXPECT_EQ(outcomes[0].last_line().at("masked_tokens"), alone.last_line().at("masked_tokens"));
}

const Words kLong{"--max_steps",       "200", "--save_steps", "5", "--per_device_train_batch_size", "2",
                  "--process_timeout", "3"};

// The other ranks stop soon, name the failed one and save the last step; afterwards all continue.
void fail_one(int signal_number, const std::string& reason) {
  const tiny::TemporaryFolder folder;
  auto processes = start(words_of_run(folder / "out", kLong), 3);
  wait_for_first_checkpoint(folder / "out");
  processes[1]->send(signal_number);
  const Outcome main = processes[0]->wait(), other = processes[2]->wait();
  EXPECT_EQ(main.exit_code, 75) << main.errors;
  EXPECT_EQ(other.exit_code, 75) << other.errors;
  for (const Outcome* outcome : {&main, &other}) {
    EXPECT_NE(outcome->errors.find("rank 1 of 3"), std::string::npos) << outcome->errors;
    EXPECT_NE(outcome->errors.find(reason), std::string::npos) << outcome->errors;
  }
  EXPECT_NE(main.errors.find("start all processes again with --resume"), std::string::npos) << main.errors;
  processes[1]->send(SIGKILL);

  Words again = words_of_run(folder / "out", kLong);
  again.insert(again.end(), {"--resume", "--max_steps", "30"});
  auto resumed = start(again, 3);
  const auto outcomes = wait_for(resumed);
  for (const Outcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << errors_of(outcomes);
  EXPECT_TRUE(fs::exists(folder / "out/DONE"));
}

TEST(Processes, OneThatDiesIsNamed) { fail_one(SIGKILL, "failed: "); }
TEST(Processes, OneThatHangsIsNamed) { fail_one(SIGSTOP, "no heartbeat for 3 s"); }

// Rank 0 keeps the store of the heartbeats.
TEST(Processes, ALostRankZeroIsNamed) {
  for (const int signal_number : {SIGKILL, SIGSTOP}) {
    const tiny::TemporaryFolder folder;
    auto processes = start(words_of_run(folder / "out", kLong), 3);
    wait_for_first_checkpoint(folder / "out");
    processes[0]->send(signal_number);
    for (int rank : {1, 2}) {
      const Outcome outcome = processes[rank]->wait();
      EXPECT_EQ(outcome.exit_code, 75) << outcome.errors;
      EXPECT_NE(outcome.errors.find("rank 0 of 3"), std::string::npos) << outcome.errors;
    }
  }
}

// A signal to one of them stops all after the same step; the resumed run ends with the model of an uninterrupted one.
TEST(Processes, StopAtOneStepAndResume) {
  const tiny::TemporaryFolder folder;
  const Words more{"--per_device_train_batch_size", "2", "--save_steps", "3", "--max_steps", "60"};
  auto whole = start(words_of_run(folder / "whole", more), 2);
  for (const Outcome& outcome : wait_for(whole)) ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;

  auto processes = start(words_of_run(folder / "out", more), 2);
  wait_for_first_checkpoint(folder / "out");
  processes[1]->send(SIGTERM);
  const auto stopped = wait_for(processes);
  for (const Outcome& outcome : stopped) EXPECT_EQ(outcome.exit_code, 128 + SIGTERM) << errors_of(stopped);
  Words again = words_of_run(folder / "out", more);
  again.emplace_back("--resume");
  auto resumed = start(again, 2);
  const auto outcomes = wait_for(resumed);
  for (const Outcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << errors_of(outcomes);
  EXPECT_EQ(read_file(folder / "out/model.safetensors"), read_file(folder / "whole/model.safetensors"));
}

TEST(Processes, OneThatNeverComesIsNamed) {
  const tiny::TemporaryFolder folder;
  Process only(words_of_run(folder / "out", {"--process_timeout", "1"}), "",
               Limits{.environment = {{"RANK", "0"},
                                      {"WORLD_SIZE", "2"},
                                      {"MASTER_ADDR", "127.0.0.1"},
                                      {"MASTER_PORT", std::to_string(free_port())}}});
  const Outcome outcome = only.wait();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.errors.find("but rank 1 did not within 1 s"), std::string::npos) << outcome.errors;
}

TEST(Processes, AMissingNetworkInterfaceIsNamed) {
  const tiny::TemporaryFolder folder;
  Process only(words_of_run(folder / "out", {}), "",
               Limits{.environment = {{"RANK", "0"},
                                      {"WORLD_SIZE", "2"},
                                      {"MASTER_PORT", std::to_string(free_port())},
                                      {"GLOO_SOCKET_IFNAME", "nonesuch0"}}});
  const Outcome outcome = only.wait();
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_NE(
      outcome.errors.find("`GLOO_SOCKET_IFNAME` must name a network interface of this machine, but is `nonesuch0`"),
      std::string::npos)
      << outcome.errors;
}

TEST(Processes, OtherSettingsAreRefused) {
  const tiny::TemporaryFolder folder;
  const std::string port = std::to_string(free_port());
  std::vector<std::unique_ptr<Process>> processes;
  for (const char* rank : {"0", "1"})
    processes.push_back(
        std::make_unique<Process>(words_of_run(folder / "out", {"--seed", rank}), "",
                                  Limits{.environment = {{"RANK", rank}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", port}}}));
  for (const Outcome& outcome : wait_for(processes)) {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(
        outcome.errors.find("all processes must be started with the same settings, but `seed` is 0 for rank 0 and "
                            "1 for rank 1; give all of them one command line"),
        std::string::npos)
        << outcome.errors;
  }
}

// The same settings name another file on another machine.
TEST(Processes, OtherDataAreRefused) {
  const tiny::TemporaryFolder folder;
  const std::string port = std::to_string(free_port());
  std::vector<std::unique_ptr<Process>> processes;
  for (const char* rank : {"0", "1"}) {
    Json questions = read_json_file(tiny::train_file());
    if (*rank == '1') questions["data"].back()["paragraphs"].erase(questions["data"].back()["paragraphs"].size() - 1);
    fs::create_directory(folder / rank);
    write_json_file(folder / rank / "train.json", questions);
    processes.push_back(
        std::make_unique<Process>(words_of_run(folder / "out", {"--train_file", "train.json"}), "",
                                  Limits{.directory = folder / rank,
                                         .environment = {{"RANK", rank}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", port}}}));
  }
  for (const Outcome& outcome : wait_for(processes)) {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.errors.find("all processes must read the same training data, but `"), std::string::npos)
        << outcome.errors;
    EXPECT_NE(outcome.errors.find("for rank 1; give all of them the same files"), std::string::npos) << outcome.errors;
  }
}

}  // namespace
}  // namespace retort::program
