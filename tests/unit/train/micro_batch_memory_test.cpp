// What the trainer does when memory runs out in a pass, with a unit that says so at will.
#include "retort/train/micro_batch_memory.h"

#include <new>

#include "retort/train/trainer.h"
#include "unit/train/toy_unit.h"

namespace retort::train {
namespace {

// Sequences of 2 to 9 tokens.
class Rows final : public data::RowSet {
 public:
  int64_t row_count() const override { return 40; }
  int64_t token_count(int64_t row) const override { return 2 + row % 8; }
  void append(int64_t row, data::Batch& batch) const override {
    batch.tokens.append(std::vector<int32_t>(static_cast<size_t>(token_count(row)), 1), token_count(row));
    batch.rows.push_back(row);
    batch.token_labels.resize(batch.token_labels.size() + static_cast<size_t>(token_count(row)), data::kNoTokenLabel);
  }
};

class MicroBatchMemoryTest : public TrainSupportTest {
 protected:
  MicroBatchMemoryTest() {
    config_.max_steps = 6, config_.logging_steps = 1, config_.save_steps = 2, config_.tensorboard = false;
  }

  // A pass fails where a micro-batch has more tokens, from this step on.
  void limit(int64_t tokens, int64_t from_step = 1) {
    unit_.before_forward = [this, tokens, from_step](const data::Batch& batch) {
      sizes_.push_back(batch.tokens.tokens());
      if (trainer_->global_step() + 1 >= from_step && batch.tokens.tokens() > tokens) throw std::bad_alloc();
    };
  }
  void run(checkpoint::RunStart start = checkpoint::RunStart::kNew) {
    checkpoint::RunFolder folder({.output_dir = root_ / "out", .start = start, .save_total_limit = 9});
    data::ShuffledSource rows(rows_, {.batch_size = 8, .max_tokens_per_micro_batch = 1000});
    Trainer trainer(unit_, rows, config_, &folder);
    if (start == checkpoint::RunStart::kResume) trainer.resume();
    trainer_ = &trainer;
    trainer.run();
  }
  ResumeState saved(int64_t step) const {
    return load_trainer_state(root_ / "out" / fmt::format("checkpoint-{}", step)).resume;
  }
  void write(const std::string& path, const std::string& content) const {
    fs::create_directories((root_ / path).parent_path());
    write_file_atomically(root_ / path, content);
  }

  Rows rows_;
  ToyUnit unit_;
  TrainingConfig config_;
  const Trainer* trainer_ = nullptr;
  std::vector<int64_t> sizes_;  // tokens of the passes
};

TEST_F(MicroBatchMemoryTest, HalvesUntilAStepFits) {
  limit(15);
  run();
  const ResumeState last = saved(6);
  EXPECT_LE(last.micro_batch_tokens, 15);
  EXPECT_GT(last.micro_batch_tokens, 6);
  EXPECT_EQ(last.skipped_steps, 0);
  EXPECT_EQ(last.sequences_seen, 40 + 8) << "repeated steps count once";
  const auto failed = std::ranges::count_if(sizes_, [](int64_t tokens) { return tokens > 15; });
  EXPECT_EQ(failed, 2) << "44 to 22 to 11 tokens; later steps are small from their beginning";
  EXPECT_NE(log_text().find("memory ran out in step 1: it is repeated with at most"), std::string::npos) << log_text();
  EXPECT_NE(read_file(root_ / "out/train_log.jsonl").find(R"("event":"memory","step":1,)"), std::string::npos);
}

TEST_F(MicroBatchMemoryTest, IsRememberedByAContinuedRun) {
  limit(30, 3);
  config_.steps_this_run = 4;
  run();
  EXPECT_EQ(saved(2).micro_batch_tokens, 0);
  const int64_t tokens = saved(4).micro_batch_tokens;
  ASSERT_GT(tokens, 0);
  config_.steps_this_run = -1;
  sizes_.clear();
  limit(1000);
  run(checkpoint::RunStart::kResume);
  EXPECT_EQ(saved(6).micro_batch_tokens, tokens);
  EXPECT_LE(std::ranges::max(sizes_), tokens);
}

TEST_F(MicroBatchMemoryTest, AChangedSettingReplacesWhatIsRemembered) {
  limit(30);
  config_.steps_this_run = 4;
  run();
  config_.steps_this_run = -1, config_.max_tokens_per_micro_batch = 1000;
  sizes_.clear();
  limit(1000);
  run(checkpoint::RunStart::kResume);
  EXPECT_EQ(saved(6).micro_batch_tokens, 0);
  EXPECT_GT(std::ranges::max(sizes_), 30);
}

TEST_F(MicroBatchMemoryTest, ASequenceThatDoesNotFitIsNamedAndTheStepsAreSaved) {
  limit(8, 3);
  config_.save_steps = 2;
  const std::string message = user_error_of([&] { run(); });
  EXPECT_NE(message.find("runs out in step 3, whose longest sequence has 9 tokens"), std::string::npos) << message;
  EXPECT_NE(message.find("checkpoint-2"), std::string::npos) << message;
  EXPECT_TRUE(fs::exists(root_ / "out/checkpoint-2"));
}

TEST_F(MicroBatchMemoryTest, OtherErrorsPass) {
  unit_.before_forward = [](const data::Batch&) { throw std::runtime_error("another"); };
  EXPECT_THROW(run(), std::runtime_error);
}

// A limit that is near only while the allocator keeps the last micro-batch's memory.
TEST_F(MicroBatchMemoryTest, ANearLimitEndsThePassAndStopsToMatterWhenNothingHelps) {
  data::ShuffledSource source(rows_, {.batch_size = 8, .max_tokens_per_micro_batch = 1000});
  std::vector<bool> answers{true, false, true, true};
  size_t asked = 0;
  MicroBatchMemory memory(process_group(), source, config_, root_, [&] { return answers.at(asked++); });
  EXPECT_EQ(memory.shortage_in([&] { memory.check(); }), MemoryShortage::kNear);
  ResumeState state;
  const data::StepBatch step = source.next();
  EXPECT_TRUE(memory.shrink(step, MemoryShortage::kNear, state));
  EXPECT_EQ(source.micro_batch_tokens(), step.token_count / 2);
  EXPECT_EQ(memory.shortage_in([&] { memory.check(); }), MemoryShortage::kNone);
  EXPECT_NE(log_text().find("near the limit of the control group"), std::string::npos);
  memory.check();
  EXPECT_EQ(asked, 4) << "it does not ask again";
}

// A machine of 1 MB of which 100 KB are free.
class MemoryEstimateTest : public MicroBatchMemoryTest {
 protected:
  MemoryEstimateTest() {
    write("proc/meminfo", "MemAvailable: 100 kB\n");
    write("proc/self/status", "VmRSS:\t 900 kB\n");
  }
  bool fit(int64_t bytes_per_token) {
    unit_.bytes_per_token = bytes_per_token;
    return MicroBatchMemory(process_group(), source_, config_, root_).fit(unit_, unit_.parameters(), {}, state_);
  }
  data::ShuffledSource source_{rows_, {.batch_size = 8, .max_tokens_per_micro_batch = 1000}};
  ResumeState state_;
};

TEST_F(MemoryEstimateTest, SaysWhatIsNeeded) {
  EXPECT_FALSE(fit(100));
  EXPECT_EQ(state_.micro_batch_tokens, 0);
  EXPECT_NE(log_text().find("memory: training needs about 928 KB of 1.0 MB: "), std::string::npos) << log_text();
  EXPECT_EQ(log_text().find("warning"), std::string::npos) << log_text();
}

TEST_F(MemoryEstimateTest, MicroBatchesBeginSmaller) {
  EXPECT_TRUE(fit(4096));  // 102,016 bytes are left: 19 tokens
  EXPECT_LE(source_.largest_micro_batch(), 19);
  EXPECT_GE(source_.largest_micro_batch(), 12);
  EXPECT_EQ(state_.micro_batch_tokens, source_.micro_batch_tokens());
  EXPECT_NE(log_text().find("micro-batches are begun with at most"), std::string::npos) << log_text();
}

TEST_F(MemoryEstimateTest, AGivenBudgetStays) {
  config_.max_tokens_per_micro_batch = 1000;
  EXPECT_FALSE(fit(4096));
  EXPECT_EQ(source_.micro_batch_tokens(), 1000);
  EXPECT_NE(log_text().find("give a smaller --max_tokens_per_micro_batch"), std::string::npos) << log_text();
}

TEST_F(MemoryEstimateTest, ASingleSequenceMayStillRunOut) {
  EXPECT_TRUE(fit(1 << 20));
  EXPECT_EQ(source_.largest_micro_batch(), 9) << "the longest sequence";
  EXPECT_NE(log_text().find("it may run out: give --checkpoint_activations"), std::string::npos) << log_text();
}

TEST_F(MemoryEstimateTest, ADeterministicRunKeepsItsCut) {
  config_.deterministic = true;
  EXPECT_FALSE(fit(4096));
  EXPECT_EQ(source_.micro_batch_tokens(), 1000);
}

TEST_F(MemoryEstimateTest, AModelThatCannotFitIsRefused) {
  write("proc/meminfo", "MemAvailable: 0 kB\n");
  write("proc/self/status", "VmRSS:\t 0 kB\n");
  const std::string message = user_error_of([&] { fit(100); });
  EXPECT_NE(message.find("must hold parameters, gradients and moments of 1 KB, but this process can have 0 KB"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("--shard_optimizer_state"), std::string::npos) << message;
}

}  // namespace
}  // namespace retort::train
