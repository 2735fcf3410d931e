// Pre-training in two phases is killed at arbitrary moments. After each, the same command with --resume ends with the
// models of an uninterrupted run, byte for byte.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "cli/program.h"
#include "retort/base/random.h"

namespace retort::program {
namespace {

constexpr int kKills = 20;

Words words_for(const fs::path& folder, const fs::path& output_dir, bool resume) {
  Words words{"pretrain",
              "--objective",
              "mlm_nsp",
              "--model",
              tiny::bert_folder(),
              "--data_dir",
              folder / "shards",
              "--phase2_data_dir",
              folder / "shards",
              "--cache_dir",
              folder / "cache",
              "--output_dir",
              output_dir,
              "--max_seq_length",
              "32",
              "--max_steps",
              "60",
              "--save_steps",
              "2",
              "--per_device_train_batch_size",
              "8",
              "--gradient_accumulation_steps",
              "1",
              "--phase2_max_seq_length",
              "48",
              "--phase2_max_steps",
              "60",
              "--phase2_save_steps",
              "3",
              "--phase2_per_device_train_batch_size",
              "4",
              "--phase2_gradient_accumulation_steps",
              "2",
              "--precision",
              "fp32",
              "--threads",
              "1"};
  if (resume) words.push_back("--resume");
  return words;
}

TEST(PretrainingCrash, KilledInEitherPhaseContinuesToTheSameModels) {
  const tiny::TemporaryFolder folder;
  fs::create_directory(folder / "shards");
  write_file_atomically(folder / "shards" / "a_training_0.txt", tiny::sentence_shard());
  const Outcome whole = run(words_for(folder.path(), folder / "whole", /*resume=*/false));
  ASSERT_EQ(whole.exit_code, 0) << whole.errors;

  int kills = 0;
  for (; kills < kKills && !fs::exists(folder / "out/phase2/DONE"); ++kills) {
    Process process(words_for(folder.path(), folder / "out", fs::exists(folder / "out")));
    std::this_thread::sleep_for(std::chrono::milliseconds(400 + make_key(23, kills) % 900));
    process.send(SIGKILL);
    process.wait();
  }
  const Outcome last = run(words_for(folder.path(), folder / "out", /*resume=*/true));
  ASSERT_EQ(last.exit_code, 0) << last.errors;
  for (const char* phase : {"phase1", "phase2"})
    EXPECT_TRUE(read_file(folder / "out" / phase / "model.safetensors") ==
                read_file(folder / "whole" / phase / "model.safetensors"))
        << phase << " after " << kills << " kills";
}

}  // namespace
}  // namespace retort::program
