#include "retort/train/checkpoint_keeper.h"

#include <set>

#include "unit/train/toy_unit.h"

namespace retort::train {
namespace {

class CheckpointKeeperTest : public TrainSupportTest {
 protected:
  void open(checkpoint::RunStart start) {
    run_.reset();
    run_ = std::make_unique<checkpoint::RunFolder>(
        checkpoint::RunFolderOptions{.output_dir = root_ / "out", .start = start, .save_total_limit = 1});
    keeper_ = std::make_unique<CheckpointKeeper>(run_.get(), unit_, optimizer_, 2);
  }
  CheckpointKeeperTest() {
    state_.max_steps = 7;
    open(checkpoint::RunStart::kNew);
  }
  // Saves with p0 = the step.
  void save_step(int64_t step) {
    state_.global_step = step;
    unit_.set(static_cast<float>(step), 0);
    EXPECT_TRUE(keeper_->save(state_));
  }
  void keep_best(int64_t step, double score) {
    state_.global_step = step;
    unit_.set(static_cast<float>(step), 0);
    keeper_->keep_best(score, state_);
  }
  std::set<int64_t> steps_on_disk() const {
    std::set<int64_t> steps;
    for (const auto& each : checkpoint::list_checkpoints(root_ / "out")) steps.insert(each.step);
    return steps;
  }

  ToyUnit unit_;
  optim::Optimizer optimizer_{unit_.parameters(), {}};
  TrainerState state_;
  std::unique_ptr<checkpoint::RunFolder> run_;
  std::unique_ptr<CheckpointKeeper> keeper_;
};

TEST_F(CheckpointKeeperTest, IsDueEveryIntervalAndAfterTheLastStep) {
  const auto due_steps = [&](int64_t interval) {
    std::set<int64_t> steps;
    const CheckpointKeeper keeper(run_.get(), unit_, optimizer_, interval);
    for (state_.global_step = 1; state_.global_step <= 7; ++state_.global_step)
      if (keeper.is_due(state_)) steps.insert(state_.global_step);
    return steps;
  };
  EXPECT_EQ(due_steps(3), (std::set<int64_t>{3, 6, 7}));
  EXPECT_EQ(due_steps(0), std::set<int64_t>{});
}

TEST_F(CheckpointKeeperTest, AStepIsSavedOnce) {
  save_step(2);
  unit_.set(100, 0);
  EXPECT_TRUE(keeper_->save(state_)) << "it is there";
  unit_.load_weights(keeper_->path_of(2));
  EXPECT_EQ(unit_.values()[0], 2) << "and was not written again";
}

TEST_F(CheckpointKeeperTest, TheLimitSparesTheBest) {
  keep_best(2, 0.9);
  save_step(4);
  save_step(6);
  EXPECT_EQ(steps_on_disk(), (std::set<int64_t>{2, 6}));
  keeper_->load_best(state_);
  EXPECT_EQ(unit_.values()[0], 2);
  EXPECT_NE(log_text().find("took the best model, of step 2"), std::string::npos);
}

TEST_F(CheckpointKeeperTest, TheLastStepIsSavedBeforeTheBestIsLoaded) {
  keep_best(2, 0.9);
  state_.global_step = 7;
  unit_.set(7, 0);
  keeper_->load_best(state_);
  EXPECT_EQ(unit_.values()[0], 2);
  unit_.load_weights(keeper_->path_of(7));
  EXPECT_EQ(unit_.values()[0], 7);
}

TEST_F(CheckpointKeeperTest, ADamagedBestLeavesTheLastModel) {
  keep_best(2, 0.9);
  write_file_atomically(fs::path(keeper_->path_of(2)) / "model.safetensors", "damaged");
  state_.global_step = 7;
  unit_.set(7, 0);
  keeper_->load_best(state_);
  EXPECT_EQ(unit_.values()[0], 7);
  EXPECT_NE(log_text().find("the last model is kept, because the best one cannot be read"), std::string::npos);
}

TEST_F(CheckpointKeeperTest, ABestThatCannotBeWrittenLeavesTheEarlierOne) {
  keep_best(2, 0.5);
  unit_.disk_is_full = true;
  keep_best(4, 0.9);
  EXPECT_EQ(state_.best_metric, 0.5);
  EXPECT_EQ(state_.best_global_step, 2);
  EXPECT_EQ(state_.best_model_checkpoint, (root_ / "out/checkpoint-2").string());
}

TEST_F(CheckpointKeeperTest, LoadsTheNewestWithItsStateAndMoments) {
  EXPECT_FALSE(keeper_->maybe_load_newest().has_value());
  EXPECT_NE(log_text().find("holds no whole checkpoint: training begins at step 0"), std::string::npos);
  unit_.parameters().gradients().fill_(1);
  optimizer_.step(0.1, 1);
  const at::Tensor moment = optimizer_.moments()[0].values.clone();
  keep_best(2, 0.9);
  save_step(4);
  unit_.set(0, 0);
  for (const optim::Moment& each : optimizer_.moments()) each.values.zero_();
  open(checkpoint::RunStart::kResume);
  const auto loaded = keeper_->maybe_load_newest();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->path, root_ / "out/checkpoint-4");
  EXPECT_EQ(loaded->state.global_step, 4);
  EXPECT_EQ(loaded->state.best_global_step, 2);
  EXPECT_EQ(unit_.values()[0], 4);
  EXPECT_TRUE(optimizer_.moments()[0].values.equal(moment));
  state_ = loaded->state;
  save_step(6);
  EXPECT_EQ(steps_on_disk(), (std::set<int64_t>{2, 6})) << "the best is known after a resume";
}

TEST_F(CheckpointKeeperTest, ACheckpointThatWaitsForItsScoresIsWrittenAgain) {
  state_.resume.evaluation_is_due = true;
  save_step(2);
  open(checkpoint::RunStart::kResume);
  state_ = keeper_->maybe_load_newest()->state;
  state_.resume.evaluation_is_due = false;
  EXPECT_TRUE(keeper_->save(state_));
  EXPECT_FALSE(load_trainer_state(keeper_->path_of(2)).resume.evaluation_is_due);
}

TEST_F(CheckpointKeeperTest, WithoutAFolderNothingIsSaved) {
  CheckpointKeeper keeper(nullptr, unit_, optimizer_, 2);
  EXPECT_FALSE(keeper.save(state_));
  EXPECT_FALSE(keeper.maybe_load_newest().has_value());
  keeper.keep_best(0.9, state_);
  EXPECT_EQ(state_.best_metric, 0.9);
  EXPECT_EQ(keeper.path_of(2), "");
}

}  // namespace
}  // namespace retort::train
