// What the processes of a run do together beside training: the teacher's outputs, augmentation, features. The files are
// those of one process, byte for byte; a process that waits stays alive, and one that fails is named.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "property/process_start.h"
#include "recipe/distill_squad_settings.h"
#include "retort/base/folder_lock.h"
#include "retort/train/process_group.h"

namespace retort::program {
namespace {

// The questions of the tiny world, `copies` times with other ids.
fs::path repeated_questions(const fs::path& file, int copies) {
  const Json once = read_json_file(tiny::train_file());
  Json all = once;
  for (int copy = 1; copy < copies; ++copy)
    for (Json article : once["data"]) {
      for (Json& paragraph : article["paragraphs"])
        for (Json& question : paragraph["qas"]) question["id"] = fmt::format("{}-{}", question["id"].dump(), copy);
      all["data"].push_back(article);
    }
  write_json_file(file, all);
  return file;
}

Words distill_words(const fs::path& output_dir, const Words& more) {
  const Words words = words_of_config({"distill", "squad"}, tiny::distill_squad_settings(output_dir), output_dir);
  return with(with(words, {"--max_steps", "2"}), more);
}

fs::path file_of_cache(const fs::path& cache_dir, const std::string& name) {
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(cache_dir, missing)) return entry.path() / name;
  return cache_dir / "none";
}

void expect_same_cache(const fs::path& a, const fs::path& b) {
  for (const char* file : {"values", "checksums", "cache.json"}) {
    const std::string bytes = read_file(file_of_cache(a, file));
    EXPECT_EQ(bytes, read_file(file_of_cache(b, file))) << file;
    EXPECT_FALSE(bytes.empty());
  }
  EXPECT_EQ(file_of_cache(a, "").parent_path().filename(), file_of_cache(b, "").parent_path().filename());
  for (const auto& entry : fs::directory_iterator(file_of_cache(a, "").parent_path()))
    EXPECT_FALSE(entry.path().filename().string().starts_with(".rank")) << entry.path();
}

// Blocks of 1024 tokens: 40 questions are two of them.
Words words_with_cache(const fs::path& folder, const char* name, const Words& more) {
  Words words = distill_words(folder / name, {"--teacher_cache", folder / fmt::format("{} cache", name),
                                              "--max_tokens_per_micro_batch", "128"});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(SharedWork, TheTeacherCacheHasTheBytesOfOneProcess) {
  const tiny::TemporaryFolder folder;
  const fs::path questions = repeated_questions(folder / "train.json", 5);
  for (const char* precision : {"fp32", "bf16"}) {
    const auto words = [&](const char* name) {
      return words_with_cache(folder / precision, name,
                              {"--train_file", questions, "--precision", precision, "--threads", "1"});
    };
    fs::create_directory(folder / precision);
    const Outcome alone = run(words("one"));
    ASSERT_EQ(alone.exit_code, 0) << alone.errors;
    auto processes = start(words("three"), 3);
    const auto outcomes = wait_for(processes);
    for (const Outcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << errors_of(outcomes);
    EXPECT_NE(outcomes[0].errors.find("; 3 processes compute them"), std::string::npos) << outcomes[0].errors;
    expect_same_cache(folder / precision / "three cache", folder / precision / "one cache");
  }
}

void wait_for_values(const fs::path& cache_dir) {
  for (int tries = 0; tries < 20000; ++tries) {
    std::error_code missing;
    const auto bytes = fs::file_size(file_of_cache(cache_dir, "values"), missing);
    if (!missing && bytes > 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  FAIL() << "no values in " << cache_dir;
}

// One of three dies, the others name it; two others continue and end with the bytes of one.
TEST(SharedWork, AHalfMadeTeacherCacheIsContinuedByAnotherNumberOfProcesses) {
  const tiny::TemporaryFolder folder;
  const fs::path questions = repeated_questions(folder / "train.json", 100);
  const Words more{"--train_file", questions, "--threads", "1", "--process_timeout", "5"};
  const Outcome alone = run(words_with_cache(folder.path(), "one", more));
  ASSERT_EQ(alone.exit_code, 0) << alone.errors;

  Words words = words_with_cache(folder.path(), "three", more);
  auto processes = start(words, 3);
  wait_for_values(folder / "three cache");
  processes[1]->send(SIGKILL);
  for (const int rank : {0, 2}) {
    const Outcome outcome = processes[rank]->wait();
    EXPECT_EQ(outcome.exit_code, 75) << outcome.errors;
    EXPECT_NE(outcome.errors.find("rank 1 of 3"), std::string::npos) << outcome.errors;
  }
  ASSERT_FALSE(fs::exists(file_of_cache(folder / "three cache", "cache.json")));
  words.emplace_back("--overwrite_output_dir");
  auto again = start(words, 2);
  const auto outcomes = wait_for(again);
  for (const Outcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << errors_of(outcomes);
  EXPECT_NE(outcomes[0].errors.find("; continuing at row "), std::string::npos) << outcomes[0].errors;
  expect_same_cache(folder / "three cache", folder / "one cache");
}

// Rank 0 waits for the lock longer than `process_timeout`, and the others for rank 0.
TEST(SharedWork, ProcessesThatWaitForALongWorkStayAlive) {
  const tiny::TemporaryFolder folder;
  const Words words = words_with_cache(folder.path(), "run", {"--process_timeout", "2"});
  const Outcome first = run(words);
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  fs::remove(file_of_cache(folder / "run cache", "cache.json"));
  auto lock = std::make_unique<FolderLock>(file_of_cache(folder / "run cache", "values").parent_path());
  Words again = words;
  again.emplace_back("--overwrite_output_dir");
  auto processes = start(again, 3);
  std::this_thread::sleep_for(std::chrono::seconds(8));
  for (const auto& process : processes) EXPECT_TRUE(process->is_running());
  lock.reset();
  const auto outcomes = wait_for(processes);
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.exit_code, 0) << errors_of(outcomes);
}

Words augment_words(const Words& task, const fs::path& output_file) {
  const fs::path fixtures = fs::path(RETORT_FIXTURES) / "augment";
  Words words{"data", "augment"};
  words.insert(words.end(), task.begin(), task.end());
  for (const std::string& word :
       {std::string("--model"), (fixtures / "model").string(), std::string("--glove_embs"),
        (fixtures / "glove.txt").string(), std::string("--M"), std::string("8"), std::string("--N"), std::string("5"),
        std::string("--max_tokens_per_batch"), std::string("64"), std::string("--output_file"), output_file.string()})
    words.push_back(word);
  return words;
}

TEST(SharedWork, AugmentedFilesHaveTheBytesOfOneProcess) {
  const tiny::TemporaryFolder folder;
  const fs::path questions = repeated_questions(folder / "train.json", 1);
  const std::vector<Words> tasks{
      {"glue", "--task_name", "mrpc", "--data_dir", fs::path(RETORT_FIXTURES) / "glue" / "data"},
      {"squad", "--train_file", questions}};
  for (const Words& task : tasks) {
    const Outcome alone = run(augment_words(task, folder / (task[0] + " one")));
    ASSERT_EQ(alone.exit_code, 0) << alone.errors;
    auto processes = start(augment_words(task, folder / (task[0] + " three")), 3);
    const auto outcomes = wait_for(processes);
    for (const Outcome& outcome : outcomes) ASSERT_EQ(outcome.exit_code, 0) << errors_of(outcomes);
    EXPECT_EQ(read_file(folder / (task[0] + " three")), read_file(folder / (task[0] + " one")));
    for (const char* count : {"words", "masked_words", "masked_copies", "shared_words", "glove_words", "candidates"})
      EXPECT_EQ(outcomes[0].last_line().at(count), alone.last_line().at(count)) << count;
    EXPECT_GT(alone.last_line().at("masked_copies"), 10);  // batches of one or two each
    for (const int rank : {1, 2}) EXPECT_EQ(outcomes[rank].output + outcomes[rank].errors, "");
  }
}

std::map<int64_t, double> losses_of(const fs::path& run) {
  std::map<int64_t, double> losses;
  std::istringstream lines(read_file(run / "train_log.jsonl"));
  for (std::string line; std::getline(lines, line);)
    if (const Json event = Json::parse(line); event.contains("loss") && event.contains("step"))
      losses[event.at("step").get<int64_t>()] = event.at("loss").get<double>();
  return losses;
}

// Without learning, the loss of a step tells which sequences it had.
TEST(SharedWork, AnotherNumberOfProcessesContinuesWithTheSameOrderOfSamples) {
  const tiny::TemporaryFolder folder;
  const fs::path questions = repeated_questions(folder / "train.json", 2);
  const auto words = [&](const char* output_dir, const char* batch) {
    return finetune_squad_words(
        folder / output_dir,
        {"--train_file", questions, "--learning_rate", "0", "--weight_decay", "0", "--max_steps", "60",
         "--logging_steps", "1", "--save_steps", "3", "--per_device_train_batch_size", batch});
  };
  const Outcome alone = run(words("one", "6"));
  ASSERT_EQ(alone.exit_code, 0) << alone.errors;

  auto processes = start(words("other", "2"), 3);
  wait_for_first_checkpoint(folder / "other");
  processes[1]->send(SIGTERM);
  const auto stopped = wait_for(processes);
  for (const Outcome& outcome : stopped) EXPECT_EQ(outcome.exit_code, 128 + SIGTERM) << errors_of(stopped);
  Words two = words("other", "3");
  two.emplace_back("--resume");
  auto resumed = start(two, 2);
  for (const Outcome& outcome : wait_for(resumed)) ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;

  const std::map<int64_t, double> expected = losses_of(folder / "one"), losses = losses_of(folder / "other");
  ASSERT_EQ(losses.size(), 60u);
  int64_t different = 0;
  for (const auto& [step, loss] : expected) {
    EXPECT_NEAR(losses.at(step), loss, 1e-4) << "step " << step;
    if (step > 1 && std::abs(loss - expected.at(step - 1)) > 1e-3) ++different;
  }
  EXPECT_GT(different, 50) << "the losses do not tell the steps apart";
}

}  // namespace
}  // namespace retort::program
