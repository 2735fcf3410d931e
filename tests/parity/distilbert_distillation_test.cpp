// DistilBERT's distillation of masked-LM and question-answering students against torch in float64
// (`tools/make_fixtures.py distilbert_distillation`): losses and parameters of three optimizer steps, each step as one
// micro-batch and as one for each sequence.
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "retort/checkpoint/weights.h"
#include "retort/task/distill_squad_unit.h"
#include "retort/task/mlm_unit.h"
#include "retort/train/trainer.h"

namespace retort::recipe {
namespace {

const fs::path kFolder = fs::path(RETORT_FIXTURES) / "distilbert_distillation";

const Json& expected() {
  static const Json json = read_json_file(kFolder / "expected.json");
  return json;
}

// Returns the fixture's batch at every step, as one micro-batch or as one for each sequence.
class FixedSource final : public data::Source {
 public:
  explicit FixedSource(bool is_cut) {
    const Json& batch = expected()["batch"];
    for (size_t i = 0; i < batch["ids"].size(); ++i) {
      if (i == 0 || is_cut) step_.micro_batches.emplace_back(), step_.micro_batches.back().labels.resize(2);
      data::Batch& target = step_.micro_batches.back();
      const auto ids = batch["ids"][i].get<std::vector<int32_t>>();
      target.tokens.append(ids, static_cast<int64_t>(ids.size()));
      const auto labels = batch["token_labels"][i].get<std::vector<int32_t>>();
      target.token_labels.insert(target.token_labels.end(), labels.begin(), labels.end());
      target.labels[0].push_back(batch["starts"][i]), target.labels[1].push_back(batch["ends"][i]);
      target.rows.push_back(static_cast<int64_t>(i));
      step_.token_count += static_cast<int64_t>(ids.size()), ++step_.sequence_count;
    }
  }
  data::StepBatch next() override { return step_; }
  data::SourcePosition position() const override { return {}; }
  void seek(data::SourcePosition) override {}
  int64_t steps_left(data::SourcePosition) const override { return 1; }
  int64_t sequences_per_step() const override { return 1; }
  int64_t sequences_per_epoch() const override { return 1; }

 private:
  data::StepBatch step_;
};

// Records the loss of each step: the sum of the terms, weighted and divided as the trainer does it.
class RecordingUnit final : public train::TrainUnit {
 public:
  explicit RecordingUnit(train::TrainUnit& unit) : unit_(unit) {}
  kernel::ParameterStore& parameters() override { return unit_.parameters(); }
  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> keys,
                                      const loss::StepCounts& counts) override {
    if (seen_ == 0) losses.push_back(0);
    auto terms = unit_.forward(batch, keys, counts);
    for (const loss::LossTerm& term : terms) losses.back() += term.sum.item<double>() * term.weight / term.divisor;
    seen_ += static_cast<double>(batch.tokens.sequences());
    if (seen_ == counts.sequences) seen_ = 0;
    return terms;
  }
  void save_model(const fs::path&) const override {}
  void load_weights(const fs::path&) override {}

  std::vector<double> losses;

 private:
  train::TrainUnit& unit_;
  double seen_ = 0;  // sequences of the step so far
};

train::TrainingConfig training() {
  train::TrainingConfig config;
  config.precision = "fp32";
  config.max_steps = static_cast<int64_t>(expected()["methods"]["mlm"]["losses"].size());
  config.learning_rate = expected()["learning_rate"];
  config.adam_beta2 = expected()["adam_beta2"], config.adam_epsilon = expected()["adam_epsilon"];
  config.max_grad_norm = expected()["max_grad_norm"];
  return config;
}

pretrained::LoadedModel load_student(const std::string& name, model::Head head) {
  pretrained::ModelSource source;
  source.model = kFolder / name;
  return pretrained::load_model(source, {.head = head, .model = {.with_gradients = true}});
}

distill::Teacher load_teacher(const std::string& name, model::Head head, const pretrained::LoadedModel& student) {
  distill::TeacherConfig config;
  config.teacher = kFolder / name;
  return {config, head, kernel::Precision::kFloat32, {}, student, 32};
}

// Trains the student with `unit` and compares losses and changes of parameters with those of `method`.
void expect_steps(const std::string& method, train::TrainUnit& unit, bool is_cut) {
  const at::Tensor before = unit.parameters().values().clone();
  FixedSource source(is_cut);
  RecordingUnit recorder(unit);
  train::Trainer trainer(recorder, source, training(), nullptr);
  trainer.run();
  const auto losses = expected()["methods"][method]["losses"].get<std::vector<double>>();
  ASSERT_EQ(recorder.losses.size(), losses.size());
  for (size_t i = 0; i < losses.size(); ++i)
    EXPECT_NEAR(recorder.losses[i], losses[i], 1e-5 * losses[i]) << "step " << i;
  const auto updates = checkpoint::open_weights(kFolder / "updates.safetensors");
  const at::Tensor change = unit.parameters().values() - before;
  for (const kernel::NamedSlice& slice : unit.parameters().slices()) {
    const auto* update = updates.find(method + "." + slice.name);
    ASSERT_NE(update, nullptr) << slice.name;
    at::Tensor theirs = at::empty_like(change.narrow(0, slice.offset, slice.element_count));
    checkpoint::to_float32(*update, {theirs.data_ptr<float>(), static_cast<size_t>(slice.element_count)});
    const at::Tensor own = change.narrow(0, slice.offset, slice.element_count);
    const double size = theirs.norm().item<double>();
    EXPECT_LE((own - theirs).norm().item<double>(), 1e-3 * size + 1e-6) << slice.name << " of size " << size;
  }
}

class DistilBertDistillation : public testing::TestWithParam<std::tuple<std::string, bool>> {};

TEST_P(DistilBertDistillation, ThreeStepsAreThoseOfTheFormulas) {
  const auto& [method, is_cut] = GetParam();
  const Json& options = expected()["methods"][method]["options"];
  task::LanguageLossConfig losses;
  losses.alpha_ce = options["alpha_ce"], losses.alpha_mlm = options["alpha_mlm"];
  losses.alpha_mse = options["alpha_mse"], losses.alpha_cos = options["alpha_cos"];
  losses.restrict_ce_to_mask = options["restrict_ce_to_mask"], losses.temperature = expected()["temperature"];
  pretrained::LoadedModel student = load_student("student_mlm", model::Head::kMaskedLm);
  const distill::Teacher teacher = load_teacher("teacher_mlm", model::Head::kMaskedLm, student);
  const task::HeldOutText none;
  task::MlmUnit unit(student, method == "mlm_plain" ? nullptr : &teacher, losses, none, 1024);
  expect_steps(method, unit, is_cut);
}

INSTANTIATE_TEST_SUITE_P(Mlm, DistilBertDistillation,
                         testing::Combine(testing::Values("mlm", "mlm_restricted", "mlm_plain"), testing::Bool()),
                         [](const auto& test) {
                           return std::get<0>(test.param) + (std::get<1>(test.param) ? "_cut" : "_whole");
                         });

class DistilBertSquadDistillation : public testing::TestWithParam<bool> {};

TEST_P(DistilBertSquadDistillation, ThreeStepsAreThoseOfTheFormulas) {
  const Json& options = expected()["methods"]["squad"]["options"];
  distill::SoftTargetConfig config;
  config.alpha_ce = options["alpha_ce"], config.alpha_squad = options["alpha_squad"];
  config.temperature = expected()["temperature"];
  task::SquadDataConfig data;
  data.features.max_seq_length = 32;
  pretrained::LoadedModel student = load_student("student_qa", model::Head::kQuestionAnswering);
  const distill::Teacher teacher = load_teacher("teacher_qa", model::Head::kQuestionAnswering, student);
  const distill::TeacherTargets targets = [&](const data::Batch& batch, auto keys) {
    return teacher.forward(batch, keys);
  };
  task::DistillSquadUnit unit(student, targets, config, data, 1024, nullptr);
  expect_steps("squad", unit, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Squad, DistilBertSquadDistillation, testing::Bool(),
                         [](const auto& test) { return test.param ? "cut" : "whole"; });

}  // namespace
}  // namespace retort::recipe
