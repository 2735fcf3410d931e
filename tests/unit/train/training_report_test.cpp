#include "retort/train/training_report.h"

#include <limits>

#include "unit/train/train_testing.h"

namespace retort::train {
namespace {

class TrainingReportTest : public TrainSupportTest {
 protected:
  TrainingReportTest() {
    config_.logging_steps = 2;
    state_.max_steps = 5;
    clock_.start(0);
  }
  ProgressSink sink() {
    return {[this](std::string_view text) { progress_ += text; }, [this] { return now_; }, [] { return 80; }, false};
  }
  // Takes one step of 2 seconds.
  void add_step(TrainingReport& report, StepResult result) {
    now_ += 2;
    ++state_.global_step;
    result.sequences = 8, result.tokens = 100;
    report.add_step(result, state_);
  }
  // The lines of the event log, without their time.
  std::vector<Json> lines() const {
    std::vector<Json> all;
    std::istringstream file(read_file(root_ / kEventLogFile));
    for (std::string line; std::getline(file, line);) {
      all.push_back(Json::parse(line));
      all.back().erase("time");
    }
    return all;
  }

  double now_ = 100;
  std::string progress_;
  TrainingConfig config_;
  TrainerState state_;
  TrainingClock clock_{[this] { return now_; }};
};

TEST_F(TrainingReportTest, EachWindowIsALineWithMeansAndTheLastStepEndsOne) {
  TrainingReport report(config_, root_, clock_);
  report.open(state_, sink());
  for (const double loss : {3.0, 5.0, 7.0, 9.0, 2.0})
    add_step(report, {.loss = loss, .components = {{"a", loss / 2}}, .gradient_norm = 1.5, .learning_rate = 0.25});
  const auto found = lines();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].dump(), R"({"event":"train","step":2,"epoch":0.0,"loss":4.0,"learning_rate":0.25,"grad_norm":1.5,)"
                             R"("sequences_per_second":4.0,"tokens_per_second":50.0,"overhead_share":0.0,"a":2.0})");
  EXPECT_EQ(found[1]["loss"], 8.0);
  EXPECT_EQ(found[1]["a"], 4.0);
  EXPECT_EQ(found[2]["step"], 5);
  EXPECT_EQ(found[2]["loss"], 2.0);
  EXPECT_EQ(report.last_loss(), 2);
  ASSERT_EQ(state_.log_history.size(), 3U);
  EXPECT_EQ(state_.log_history[0].dump(), R"({"epoch":0.0,"step":2,"loss":4.0,"learning_rate":0.25,"grad_norm":1.5})");
}

TEST_F(TrainingReportTest, TheLogBeginsWithSettingsAndUnitsOnce) {
  const auto begin = [&] {
    TrainingReport report(config_, root_, clock_);
    report.set_settings({{"learning_rate", 0.25}, {"seed", 42}}, 1234);
    report.open(state_, sink());
    add_step(report, {.loss = 3});
    add_step(report, {.loss = 5});
  };
  begin();
  auto found = lines();
  ASSERT_EQ(found.size(), 10U);
  EXPECT_EQ(found[0].dump(), R"({"event":"parameters","settings":{"learning_rate":0.25,"seed":42},)"
                             R"("num_parameters":1234,"sequences_per_epoch":0,"steps":5})");
  EXPECT_EQ(found[1].dump(), R"({"event":"metadata","metric":"loss","metadata":{"unit":null}})");
  EXPECT_EQ(found[3].dump(),
            R"({"event":"metadata","metric":"sequences_per_second","metadata":{"unit":"sequences/s"}})");
  EXPECT_EQ(found[9]["event"], "train");
  begin();  // resumed at step 2
  found = lines();
  ASSERT_EQ(found.size(), 11U);
  EXPECT_EQ(found[10]["step"], 4);
}

TEST_F(TrainingReportTest, TheDllLogBeginsWithTheLinesThatItsReadersExpect) {
  config_.event_log = "dllogger";
  state_.resume.sequences_per_epoch = 30;
  TrainingReport report(config_, root_, clock_);
  report.set_settings({{"seed", 42}}, 1234);
  report.open(state_, sink());
  std::istringstream file(read_file(root_ / kEventLogFile));
  std::vector<Json> parameters, metadata;
  for (std::string line; std::getline(file, line);) {
    ASSERT_TRUE(line.starts_with("DLLL ")) << line;
    const Json json = Json::parse(line.substr(5));
    json["type"] == "METADATA" ? metadata.push_back(json) : parameters.push_back(json);
  }
  for (const Json& line : parameters) EXPECT_EQ(line["step"], "PARAMETER");
  ASSERT_EQ(parameters.size(), 6U);
  EXPECT_EQ(parameters[0]["data"].dump(), R"({"Config":{"seed":42}})");
  EXPECT_EQ(parameters[1]["data"].dump(), R"({"SEED":42})");
  EXPECT_EQ(parameters[2]["data"].dump(), R"({"batch_size_per_gpu":8})");
  EXPECT_EQ(parameters[3]["data"].dump(), R"({"learning_rate":5e-05})");
  EXPECT_EQ(parameters[4]["data"].dump(), R"({"training_features":30,"steps":5})");
  EXPECT_EQ(parameters[5]["data"].dump(), R"({"train_start":true})");
  ASSERT_EQ(metadata.size(), 8U);
  EXPECT_EQ(metadata[0]["metric"], "step_loss");
  EXPECT_EQ(metadata[2]["metric"], "training_sequences_per_second");
  EXPECT_EQ(metadata[4]["metric"], "e2e_train_time");
  EXPECT_EQ(metadata[4]["metadata"].dump(), R"({"unit":"s"})");
}

TEST_F(TrainingReportTest, TheWindowOfAResumedRunIsThatOfAnUninterruptedOne) {
  {
    TrainingReport report(config_, root_, clock_);
    report.open(state_, sink());
    add_step(report, {.loss = 3});
  }
  state_ = TrainerState::from_json(state_.to_json(), "a checkpoint");
  TrainingReport report(config_, root_, clock_);
  report.open(state_, sink());
  add_step(report, {.loss = 5});
  EXPECT_EQ(lines().at(0)["loss"], 4.0);
}

TEST_F(TrainingReportTest, AStepThatIsSkippedDoesNotCountInTheMean) {
  TrainingReport report(config_, root_, clock_);
  report.open(state_, sink());
  add_step(report, {.loss = 3});
  add_step(report, {.loss = std::numeric_limits<double>::infinity(), .is_finite = false});
  EXPECT_EQ(lines().at(0)["loss"], 3.0);
}

TEST_F(TrainingReportTest, ScoresAndTotalsAreLoggedAndEvaluationIsNoTrainingTime) {
  TrainingReport report(config_, root_, clock_);
  report.open(state_, sink());
  add_step(report, {.loss = 3});
  const double begin = clock_.now();
  now_ += 500;
  clock_.exclude_since(begin);
  report.add_evaluation({{"f1", 88.5}, {"file", "dev"}}, state_);
  add_step(report, {.loss = 5});
  report.add_summary({{"train_steps", 2}});
  const auto found = lines();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].dump(), R"({"event":"evaluate","step":1,"epoch":0.0,"f1":88.5,"file":"dev"})");
  EXPECT_EQ(found[1]["sequences_per_second"], 4.0);
  EXPECT_EQ(found[2].dump(), R"({"event":"summary","train_steps":2})");
  EXPECT_EQ(state_.log_history.at(0).dump(), R"({"epoch":0.0,"step":1,"eval_f1":88.5})");
  EXPECT_NE(log_text().find(R"(step 1: {"f1":88.5,"file":"dev"})"), std::string::npos) << log_text();
}

TEST_F(TrainingReportTest, WithoutAFolderOnlyTheProgressIsShown) {
  TrainingReport report(config_, {}, clock_);
  state_.log_history = {{{"epoch", 0}, {"step", 0}, {"loss", 6.5}}};
  report.open(state_, sink());
  EXPECT_EQ(report.last_loss(), 6.5) << "of the run before";
  add_step(report, {.loss = 3});
  EXPECT_EQ(report.last_loss(), 3);
  report.finish_progress();
  EXPECT_NE(progress_.find("train: 1/5 steps"), std::string::npos) << progress_;
  EXPECT_FALSE(fs::exists(root_ / kEventLogFile));
}

}  // namespace
}  // namespace retort::train
