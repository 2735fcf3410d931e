// An output folder has one writer, and a second command does not overwrite a finished run.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "cli/program.h"

namespace retort::program {
namespace {

TEST(OneWriter, ASecondRunIsRefusedWhileTheFirstRuns) {
  const tiny::TemporaryFolder folder;
  Process first(finetune_squad_words(folder / "out", {"--max_steps", "1000000"}));
  while (first.is_running() && !fs::exists(folder / "out/train_log.jsonl"))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const Outcome second = run(finetune_squad_words(folder / "out"));
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_NE(second.errors.find("process " + std::to_string(first.pid())), std::string::npos) << second.errors;
  EXPECT_TRUE(first.is_running());
  first.send(SIGTERM);
  EXPECT_EQ(first.wait().exit_code, 143);
  const Outcome third = run(finetune_squad_words(folder / "out"));
  EXPECT_EQ(third.exit_code, 2);
  EXPECT_NE(third.errors.find("holds an unfinished run"), std::string::npos) << third.errors;
  EXPECT_NE(third.errors.find("--resume"), std::string::npos) << third.errors;
}

TEST(OneWriter, AFinishedRunIsRefusedWithTheRemedy) {
  const tiny::TemporaryFolder folder;
  ASSERT_EQ(run(finetune_squad_words(folder / "out", {"--max_steps", "1"})).exit_code, 0);
  const std::string model = read_file(folder / "out/model.safetensors");
  const Outcome again = run(finetune_squad_words(folder / "out"));
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.errors.find("--overwrite_output_dir"), std::string::npos) << again.errors;
  EXPECT_TRUE(read_file(folder / "out/model.safetensors") == model);
  EXPECT_EQ(run(finetune_squad_words(folder / "out", {"--max_steps", "2", "--overwrite_output_dir"})).exit_code, 0);
  EXPECT_FALSE(read_file(folder / "out/model.safetensors") == model);
}

}  // namespace
}  // namespace retort::program
