// Memory that runs out in the middle of a forward or backward pass: the run goes on with smaller micro-batches, and
// ends with the bits of a run that had them from its beginning.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <limits>

#include "property/tiny_run.h"
#include "retort/base/file.h"
#include "retort/base/log.h"
#include "retort/kernel/caching_allocator.h"
#include "retort/train/process_group.h"

namespace retort::property {
namespace {

// The allocator's limit is for blocks of 64 KiB and more: a step of 48 sequences has about 3000 tokens, a state of a
// layer 400 KiB.
recipe::FinetuneSquadConfig short_settings(const fs::path& output_dir) {
  recipe::FinetuneSquadConfig config = tiny::squad_settings(output_dir);
  config.training.learning_rate = 1e-3;
  config.training.max_steps = 4;
  config.training.save_steps = 2;
  config.training.per_device_train_batch_size = 48;
  config.training.max_tokens_per_micro_batch = 8192;
  return config;
}

class LimitedMemory {
 public:
  explicit LimitedMemory(int64_t more_bytes) {
    kernel::install_caching_allocator();
    kernel::limit_allocator(kernel::allocator_stats().allocated_bytes + more_bytes);
  }
  ~LimitedMemory() { kernel::limit_allocator(std::numeric_limits<int64_t>::max()); }
  LimitedMemory(const LimitedMemory&) = delete;
  LimitedMemory& operator=(const LimitedMemory&) = delete;
};

train::ResumeState state_after(const fs::path& run, int64_t step) {
  return train::load_trainer_state(run / fmt::format("checkpoint-{}", step)).resume;
}

RunResult with_micro_batches_of(int64_t tokens) {
  recipe::FinetuneSquadConfig config = short_settings("");
  config.training.max_tokens_per_micro_batch = tokens;
  return train_tiny(config);
}

class MemoryShortage : public testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the allocator with the limit is not used";
#endif
  }
};

// With these limits it runs out in different operations, of both passes.
TEST_F(MemoryShortage, TheRunHasTheBitsOfOneWithTheSmallerMicroBatch) {
  std::vector<int64_t> budgets;
  for (const int64_t megabytes : {2, 3, 5, 7, 9, 11, 13}) {
    const tiny::TemporaryFolder folder;
    RunResult limited;
    {
      const LimitedMemory memory(megabytes << 20);
      limited = train_tiny(short_settings(folder / "out"));
    }
    const int64_t tokens = state_after(folder / "out", 2).micro_batch_tokens;
    budgets.push_back(tokens);
    if (tokens == 0) continue;  // it was enough
    EXPECT_EQ(state_after(folder / "out", 4).micro_batch_tokens, tokens);
    const RunResult small = with_micro_batches_of(tokens);
    EXPECT_TRUE(limited.parameters == small.parameters) << megabytes << " MB, " << tokens << " tokens";
    EXPECT_EQ(limited.summary.loss, small.summary.loss);
    EXPECT_EQ(limited.summary.tokens, small.summary.tokens);
  }
  EXPECT_GT(budgets[0], 0);
  EXPECT_LT(budgets[0], budgets[3]) << "with less memory, more halvings";
}

TEST_F(MemoryShortage, AContinuedRunKeepsTheSmallerMicroBatch) {
  const tiny::TemporaryFolder folder;
  recipe::FinetuneSquadConfig config = short_settings(folder / "out");
  config.training.steps_this_run = 2;
  {
    const LimitedMemory memory(3 << 20);
    train_tiny(config);
  }
  config.training.steps_this_run = -1, config.output.resume = true;
  const RunResult resumed = train_tiny(config);
  const int64_t tokens = state_after(folder / "out", 4).micro_batch_tokens;
  ASSERT_GT(tokens, 0);
  EXPECT_TRUE(resumed.parameters == with_micro_batches_of(tokens).parameters);
}

// The body of a process of the test below: rank 1 has little memory.
TEST_F(MemoryShortage, DISABLED_OneOfTwoProcesses) {
  const char* const output_dir = std::getenv("RETORT_TEST_OUTPUT");
  const char* const tokens = std::getenv("RETORT_TEST_TOKENS");
  ASSERT_TRUE(output_dir != nullptr && tokens != nullptr);
  const bool is_main = std::string(std::getenv("RANK")) == "0";
  recipe::FinetuneSquadConfig config = short_settings(is_main ? output_dir : "");
  config.training.max_tokens_per_micro_batch = std::stoll(tokens);
  config.training.per_device_train_batch_size = 24;
  config.training.bucket_cap_mb = 1;
  std::optional<LimitedMemory> memory;
  if (!is_main && std::getenv("RETORT_TEST_IS_LIMITED") != nullptr) memory.emplace(3 << 20);
  train_tiny(config);
}

int run_two_processes(const fs::path& output_dir, int64_t tokens, bool is_limited, int port) {
  const std::string program = fs::read_symlink("/proc/self/exe").string();
  const auto process = [&](int rank) {
    return fmt::format(
        "RANK={} WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT={} RETORT_TEST_OUTPUT={} RETORT_TEST_TOKENS={} {}"
        " {} --gtest_brief=1 --gtest_also_run_disabled_tests --gtest_output= "
        "--gtest_filter=MemoryShortage.DISABLED_OneOfTwoProcesses",
        rank, port, output_dir.string(), tokens, is_limited ? "RETORT_TEST_IS_LIMITED=1" : "", program);
  };
  return std::system(fmt::format("{} & {}; first=$?; wait $! && exit $first", process(1), process(0)).c_str());
}

TEST_F(MemoryShortage, AllProcessesRepeatTheStepThatOneCouldNotTake) {
  const int port = 20000 + static_cast<int>(::getpid() % 750) * 16;
  const tiny::TemporaryFolder folder;
  ASSERT_EQ(run_two_processes(folder / "limited", 8192, true, port), 0);
  const int64_t tokens = state_after(folder / "limited", 4).micro_batch_tokens;
  ASSERT_GT(tokens, 0);
  ASSERT_EQ(run_two_processes(folder / "small", tokens, false, port + 1), 0);
  EXPECT_EQ(state_after(folder / "small", 4).micro_batch_tokens, 0);
  for (const char* file : {"model.safetensors", "optimizer.safetensors"})
    EXPECT_TRUE(read_file(folder / "limited/checkpoint-4" / file) == read_file(folder / "small/checkpoint-4" / file))
        << file;
}

TEST_F(MemoryShortage, EvaluationGoesOnWithSmallerBatches) {
  const auto scores = [](bool is_limited) {
    const tiny::TemporaryFolder folder;
    recipe::FinetuneSquadConfig config = short_settings(folder / "out");
    config.data.dev_file = tiny::train_file();
    config.training.evaluate_during_training = true;
    config.training.learning_rate = 0, config.training.weight_decay = 0;
    config.training.max_steps = 1;
    std::optional<LimitedMemory> memory;
    if (is_limited) memory.emplace(3 << 20);
    set_log_file((folder / "log.txt").string());
    train_tiny(config);
    set_log_file("");
    EXPECT_EQ(read_file(folder / "log.txt").find("ran out in an evaluation") != std::string::npos, is_limited);
    const Json log = train::load_trainer_state(folder / "out/checkpoint-1").log_history.back();
    return std::pair(log.at("eval_f1"), log.at("eval_exact"));
  };
  EXPECT_EQ(scores(true), scores(false));
}

}  // namespace
}  // namespace retort::property
