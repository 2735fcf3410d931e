// The modes of training on the far device: how often the processor reads its values, and that lazy mode and recorded
// graphs give the run of eager mode.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <regex>

#include "property/far_device_run.h"
#include "property/training_commands.h"
#include "retort/train/trainer_state.h"

namespace retort::program {
namespace {

std::string mode_case_name(const testing::TestParamInfo<TrainingCommand>& info) { return info.param.name; }

// What `steps` more steps exchange.
Exchanges exchanges_of_steps(const TrainingCommand& command, int64_t first, int64_t steps, const Words& more) {
  const tiny::TemporaryFolder folder;
  const auto count = [&](const char* name, int64_t last) {
    return count_exchanges(with(command.words(folder / name), with(more, {"--max_steps", std::to_string(last)})));
  };
  const Exchanges before = count("before", first), after = count("after", first + steps);
  return {after.reads - before.reads, after.uploads - before.uploads};
}

class FarReads : public testing::TestWithParam<TrainingCommand> {};

TEST_P(FarReads, AreOneAStepInEagerModeAndNoneInLazyMode) {
  const Words quiet{"--logging_steps", "0"};
  const Exchanges eager = exchanges_of_steps(GetParam(), 3, 3, {});
  EXPECT_EQ(eager.reads, 3);
  EXPECT_EQ(eager.uploads, 3 * GetParam().uploads_a_step);
  const Exchanges lazy = exchanges_of_steps(GetParam(), 3, 3, with(quiet, {"--mode", "lazy"}));
  EXPECT_EQ(lazy.reads, 0);
  EXPECT_EQ(lazy.uploads, eager.uploads);
}

INSTANTIATE_TEST_SUITE_P(Commands, FarReads, testing::ValuesIn(training_commands()), mode_case_name);

TEST(LazyMode, HasTheSameBitsHoweverOftenItReads) {
  const tiny::TemporaryFolder folder;
  const TrainingCommand squad = training_commands({"finetune_squad"}).at(0);
  const Words more{"--max_steps", "10", "--logging_steps", "0"};
  const Outcome eager = run_near(with(squad.words(folder / "eager"), more));
  ASSERT_EQ(eager.exit_code, 0) << eager.errors;
  for (const char* steps : {"1", "7", "0"}) {
    const Words lazy = with(more, {"--mode", "lazy", "--lazy_steps", steps});
    const fs::path far = folder / fmt::format("far{}", steps), near = folder / fmt::format("near{}", steps);
    for (const Outcome& outcome : {run_far(with(squad.words(far), lazy)), run_near(with(squad.words(near), lazy))}) {
      ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
      EXPECT_EQ(scores_of(outcome), scores_of(eager));
    }
    for (const fs::path& run : {far, near}) expect_same_file(run, folder / "eager", "model.safetensors");
  }
}

// The numbers of "graphs: N of M micro-batches ran recorded, in S shapes, with W % filler tokens".
struct GraphUse {
  int64_t recorded = 0, all = 0, shapes = 0;
  double waste = 100;
};

GraphUse graph_use(const std::string& log) {
  static const std::regex line(
      R"(graphs: (\d+) of (\d+) micro-batches ran recorded, in (\d+) shapes, with ([\d.]+) % filler tokens)");
  std::smatch match;
  if (!std::regex_search(log, match, line)) return {};
  return {std::stoll(match[1]), std::stoll(match[2]), std::stoll(match[3]), std::stod(match[4])};
}

// A rate at which 90 steps do not enlarge the rounding of the first ones.
const Words kGraphSteps{"--max_steps", "90", "--save_steps", "70", "--learning_rate", "1e-5"};

std::vector<Json> buckets_in(const fs::path& checkpoint) {
  return train::load_trainer_state(checkpoint).resume.graph_buckets;
}

class GraphMode : public testing::TestWithParam<TrainingCommand> {
 protected:
  using Runner = Outcome (*)(const Words&, const std::string&);
  Outcome run_graphs(const char* name, Runner run_on, const Words& more) {
    return run_on(with(GetParam().words(folder_ / name), with(kGraphSteps, more)), "");
  }
  const tiny::TemporaryFolder folder_;
};

TEST_P(GraphMode, IsTheRunOfEagerModeUpToRounding) {
  const Outcome eager = run_graphs("eager", run_far, {}), far = run_graphs("far", run_far, {"--mode", "graph"}),
                near = run_graphs("near", run_near, {"--mode", "graph"});
  for (const Outcome* outcome : {&eager, &far, &near}) ASSERT_EQ(outcome->exit_code, 0) << outcome->errors;
  for (const std::string& file : GetParam().files) expect_same_file(folder_ / "far", folder_ / "near", file);
  const GraphUse use = graph_use(far.errors);
  EXPECT_EQ(use.all, 90) << far.errors;
  EXPECT_GE(use.recorded, 20) << far.errors;
  EXPECT_LE(use.recorded, 90 - 64) << far.errors;
  EXPECT_GT(use.shapes, 1) << far.errors;
  EXPECT_LT(use.waste, 8) << far.errors;
  const std::vector<double> losses = logged(folder_ / "far", "loss"), expected = logged(folder_ / "eager", "loss");
  ASSERT_GE(losses.size(), 90U);
  ASSERT_EQ(losses.size(), expected.size());
  for (size_t i = 0; i < losses.size(); ++i) EXPECT_NEAR(losses[i], expected[i], 1e-5 * std::abs(expected[i])) << i;
}

// A resumed run records at once, in the shapes that the first one chose.
TEST_P(GraphMode, ResumedEqualsUninterrupted) {
  const Outcome whole = run_graphs("whole", run_far, {"--mode", "graph"});
  ASSERT_EQ(whole.exit_code, 0) << whole.errors;
  fs::create_directory(folder_ / "rest");
  fs::copy(folder_ / "whole/checkpoint-70", folder_ / "rest/checkpoint-70", fs::copy_options::recursive);
  const Outcome rest = run_graphs("rest", run_far, {"--mode", "graph", "--resume"});
  ASSERT_EQ(rest.exit_code, 0) << rest.errors;
  EXPECT_EQ(graph_use(rest.errors).all, 20) << rest.errors;
  EXPECT_FALSE(buckets_in(folder_ / "whole/checkpoint-70").empty());
  for (const char* run : {"whole", "rest"})
    EXPECT_EQ(buckets_in(folder_ / run / "checkpoint-90"), buckets_in(folder_ / "whole/checkpoint-70"));
  expect_same_file(folder_ / "rest", folder_ / "whole", "model.safetensors");
}

INSTANTIATE_TEST_SUITE_P(Commands, GraphMode,
                         testing::ValuesIn(training_commands({"finetune_squad", "finetune_glue_with_classes",
                                                              "pretrain_pairs"})),
                         mode_case_name);

TEST(GraphModeCommands, RecordedStepsAreNotRead) {
  const TrainingCommand squad = training_commands({"finetune_squad"}).at(0);
  const Exchanges steps = exchanges_of_steps(squad, 80, 10, {"--logging_steps", "0", "--mode", "graph"});
  EXPECT_EQ(steps.reads, 0);
  EXPECT_EQ(steps.uploads, 10);
}

TEST(GraphModeCommands, LossesThatAreNotRecordedRunAsInEagerMode) {
  for (const TrainingCommand& command : training_commands({"finetune_glue_with_numbers", "distill_squad"})) {
    const tiny::TemporaryFolder folder;
    const Outcome graph = run_far(with(command.words(folder / "graph"), {"--mode", "graph"})),
                  eager = run_far(command.words(folder / "eager"));
    ASSERT_EQ(graph.exit_code, 0) << graph.errors;
    EXPECT_NE(graph.errors.find("are not recorded; the run goes on as in lazy mode"), std::string::npos)
        << graph.errors;
    for (const std::string& file : command.files) expect_same_file(folder / "graph", folder / "eager", file);
  }
}

}  // namespace
}  // namespace retort::program
