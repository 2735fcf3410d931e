// Output folders that cannot be written, and a disk that fills up during training. A limit on the size of files
// simulates the full disk: the log still grows, a checkpoint does not fit.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "cli/program.h"
#include "retort/checkpoint/manifest.h"

namespace retort::program {
namespace {

bool holds_unfinished_files(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().filename().string().find(".tmp.") != std::string::npos) return true;
  return false;
}

TEST(Output, ThatIsAFileIsRefusedBeforeAnyWork) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "out", "mine");
  for (const Words& words :
       {finetune_squad_words(folder / "out"),
        Words{"evaluate", "squad", "--model", "/nowhere", "--dev_file", "none.json", "--output_dir", folder / "out"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
    EXPECT_NE(outcome.errors.find((folder / "out").string() + "` must be a folder"), std::string::npos)
        << outcome.errors;
    EXPECT_EQ(read_file(folder / "out"), "mine");
  }
}

TEST(Output, BelowAFileIsRefused) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "file", "mine");
  const Outcome outcome = run(finetune_squad_words(folder / "settings", {"--output_dir", folder / "file/out"}));
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_NE(outcome.errors.find("file/out"), std::string::npos) << outcome.errors;
}

TEST(Output, ThatIsReadOnlyIsRefused) {
  if (::geteuid() == 0) GTEST_SKIP() << "the superuser may write everywhere";
  const tiny::TemporaryFolder folder;
  fs::create_directory(folder / "out");
  fs::permissions(folder / "out", fs::perms::owner_read | fs::perms::owner_exec);
  const Outcome outcome = run(finetune_squad_words(folder / "out"));
  fs::permissions(folder / "out", fs::perms::owner_all);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_NE(outcome.errors.find("out` must be a folder that can be written"), std::string::npos) << outcome.errors;
}

TEST(FullDisk, TrainingGoesOnAndThePublicationSaysWhatIsMissing) {
  const tiny::TemporaryFolder folder;
  const auto model_bytes = static_cast<int64_t>(fs::file_size(tiny::bert_folder() / "model.safetensors"));
  const Outcome outcome =
      run(finetune_squad_words(folder / "out", {"--save_steps", "2"}), "", {.file_bytes = model_bytes / 2});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_EQ(outcome.output, "");
  EXPECT_NE(outcome.errors.find("training continues without this checkpoint"), std::string::npos) << outcome.errors;
  const size_t error = outcome.errors.find("error: ");
  ASSERT_NE(error, std::string::npos) << outcome.errors;
  EXPECT_NE(outcome.errors.find("bytes", error), std::string::npos) << outcome.errors;
  EXPECT_NE(read_file(folder / "out/train_log.jsonl").find("\"step\":6"), std::string::npos)
      << "training must reach its last step: " << outcome.errors;
  EXPECT_FALSE(fs::exists(folder / "out/model.safetensors"));
  EXPECT_FALSE(fs::exists(folder / "out/DONE"));
  EXPECT_FALSE(holds_unfinished_files(folder / "out"));
}

// Stops a run after its second checkpoint; returns the step of the newest checkpoint.
int64_t run_to_a_checkpoint(const fs::path& output_dir) {
  Process process(finetune_squad_words(output_dir, {"--max_steps", "1000000", "--save_steps", "2"}));
  while (process.is_running() && !fs::exists(output_dir / "checkpoint-4"))
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  process.send(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 143);
  int64_t newest = 0;
  for (const auto& entry : fs::directory_iterator(output_dir)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("checkpoint-")) newest = std::max<int64_t>(newest, std::stoll(name.substr(11)));
  }
  return newest;
}

TEST(FullDisk, KeepsOldCheckpointsAndTheRunContinuesWhenThereIsRoom) {
  const tiny::TemporaryFolder folder;
  const int64_t step = run_to_a_checkpoint(folder / "out");
  const fs::path newest = folder / "out" / ("checkpoint-" + std::to_string(step));
  const Words words =
      finetune_squad_words(folder / "out", {"--save_steps", "2", "--max_steps", std::to_string(step + 5), "--resume"});
  const auto model_bytes = static_cast<int64_t>(fs::file_size(newest / "model.safetensors"));
  const Outcome full = run(words, "", {.file_bytes = model_bytes / 2});
  EXPECT_EQ(full.exit_code, 2) << full.errors;
  EXPECT_EQ(checkpoint::verify_checkpoint_folder(newest), std::nullopt);
  EXPECT_FALSE(fs::exists(folder / "out/DONE"));
  const Outcome with_room = run(words);
  EXPECT_EQ(with_room.exit_code, 0) << with_room.errors;
  EXPECT_NE(with_room.errors.find("continuing from"), std::string::npos) << with_room.errors;
  EXPECT_TRUE(fs::exists(folder / "out/DONE"));
}

// After a signal on a full disk the message must not name a checkpoint that does not exist.
TEST(FullDisk, AStopThatCannotSaveSaysSo) {
  const tiny::TemporaryFolder folder;
  const auto model_bytes = static_cast<int64_t>(fs::file_size(tiny::bert_folder() / "model.safetensors"));
  Process process(finetune_squad_words(folder / "out", {"--max_steps", "1000000"}), "",
                  {.file_bytes = model_bytes / 2});
  while (process.is_running() && !fs::exists(folder / "out/train_log.jsonl"))
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  process.send(SIGTERM);
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.exit_code, 143) << outcome.errors;
  EXPECT_NE(outcome.errors.find("nothing could be saved"), std::string::npos) << outcome.errors;
}

}  // namespace
}  // namespace retort::program
