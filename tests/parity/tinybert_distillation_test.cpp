// TinyBERT's distillation of states and of predictions against torch in float64 (`tools/make_fixtures.py
// tinybert_distillation`): the loss terms of the first step, and loss and parameters after three steps of the trainer,
// each step as one micro-batch and as one for each sequence, with fused kernels and with the reference.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "parity/fixture.h"
#include "retort/distill/backbone_unit.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/relation_loss.h"
#include "retort/task/prediction_unit.h"
#include "retort/train/count_step.h"
#include "retort/train/trainer.h"

namespace retort::parity {
namespace {

using kernel::Implementation;

fs::path root() { return fs::path(RETORT_FIXTURES) / "tinybert_distillation"; }

// Returns the same step each time, as one micro-batch or as one for each sequence.
class FixedSource final : public data::Source {
 public:
  FixedSource(const Json& sequences, bool is_cut) {
    for (const Json& sequence : sequences) {
      if (step_.micro_batches.empty() || is_cut) step_.micro_batches.emplace_back();
      data::Batch& batch = step_.micro_batches.back();
      batch.tokens.append(sequence["input_ids"].get<std::vector<int32_t>>(),
                          sequence["token_type_ids"].get<std::vector<int32_t>>());
      batch.rows.push_back(step_.sequence_count++);
    }
    for (const data::Batch& batch : step_.micro_batches) step_.token_count += batch.tokens.tokens();
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

train::TrainingConfig training_of(const Json& options, int64_t steps) {
  train::TrainingConfig training;
  training.optimizer = "bertadam";
  training.lr_scheduler_type = "constant";
  training.learning_rate = options["learning_rate"];
  training.adam_epsilon = options["epsilon"];
  training.weight_decay = options["weight_decay"];
  training.max_grad_norm = options["max_grad_norm"];
  training.precision = "fp32";
  training.max_steps = steps;
  training.logging_steps = 0;
  return training;
}

distill::StateDistillationConfig states_of(const Json& keys) {
  distill::StateDistillationConfig config;
  FieldList list;
  config.fields(list);
  set_fields_from_json(list, keys, "the fixture");
  return config;
}

// The models and the training unit of a case, made as the recipes make them.
struct Distillation {
  Json expected;
  pretrained::LoadedModel student;
  std::unique_ptr<distill::Teacher> teacher;
  task::GlueDataConfig glue;
  task::SquadDataConfig squad;
  train::TrainingConfig training;
  std::unique_ptr<train::TrainUnit> unit;

  distill::TeacherTargets targets() const {
    return [this](const data::Batch& batch, std::span<const uint64_t> keys) { return teacher->forward(batch, keys); };
  }

  std::unique_ptr<train::TrainUnit> backbone_unit(const distill::StateDistillationConfig& states) {
    distill::StatePlan plan = distill::plan_states(states, student.model->config(), teacher->model().config());
    const model::ForwardOptions options{.keep_hidden_states = true,
                                        .attention_layers = plan.teacher_states.attention_layers};
    return std::make_unique<distill::BackboneUnit>(
        student, std::move(plan),
        [this, options](const data::Batch& batch, auto keys) { return teacher->forward(batch, keys, options); });
  }

  explicit Distillation(const std::string& name) : expected(read_json_file(root() / (name + ".json"))) {
    training = training_of(expected["optimizer"], static_cast<int64_t>(expected["steps"].size()));
    const std::string own = expected["student"], other = expected["teacher"];
    const model::Head head = own.starts_with("qa")    ? model::Head::kQuestionAnswering
                             : own.starts_with("nli") ? model::Head::kSequenceClassification
                                                      : model::Head::kNone;
    pretrained::ModelSource source;
    source.model = root() / "models" / own;
    distill::TeacherConfig teacher_config;
    teacher_config.teacher = root() / "models" / other;
    const bool has_states = expected.contains("states");
    const distill::StateDistillationConfig states =
        has_states ? states_of(expected["states"]) : distill::StateDistillationConfig();
    model::ModelOptions options{.with_gradients = true};
    if (has_states) {
      pretrained::ModelSource teacher_source;
      teacher_source.model = teacher_config.teacher;
      if (states.compares_hidden_states())
        options.projection_width = distill::projection_width(pretrained::read_model_config(source),
                                                             pretrained::read_model_config(teacher_source));
    }
    student = pretrained::load_model(source, {.head = head, .model = options});
    teacher =
        std::make_unique<distill::Teacher>(teacher_config, head, kernel::Precision::kFloat32, source, student, 40);
    glue.task_name = "mnli";
    if (has_states)
      unit = backbone_unit(states);
    else if (head == model::Head::kQuestionAnswering)
      unit = std::make_unique<task::SquadPredictionUnit>(student, targets(), expected["temperature"].get<double>(),
                                                         squad, 1000, nullptr);
    else
      unit = std::make_unique<task::GluePredictionUnit>(student, targets(), expected["temperature"].get<double>(), glue,
                                                        training, std::span<const task::GlueSet>());
  }
};

class TinyBertDistillation : public testing::TestWithParam<std::tuple<std::string, Implementation>> {
 protected:
  const std::string name_ = std::get<0>(GetParam());
  const kernel::ScopedImplementation implementation_{std::get<1>(GetParam())};
};

TEST_P(TinyBertDistillation, FirstTermsAreThoseOfTheFormulas) {
  Distillation run(name_);
  const data::StepBatch step = FixedSource(run.expected["sequences"], false).next();
  const std::vector<uint64_t> keys(static_cast<size_t>(step.sequence_count), 1);
  const auto terms = run.unit->forward(step.micro_batches[0], keys, train::count_step(step));
  ASSERT_EQ(terms.size(), run.expected["terms"].size());
  for (size_t i = 0; i < terms.size(); ++i) {
    const Json& expected = run.expected["terms"][i];
    EXPECT_EQ(terms[i].name, expected["name"]);
    EXPECT_EQ(terms[i].divisor, expected["count"].get<double>()) << terms[i].name;
    EXPECT_NEAR(terms[i].weight, expected["weight"].get<double>(), 1e-12) << terms[i].name;
    const double sum = expected["sum"];
    EXPECT_NEAR(terms[i].sum.item<double>(), sum, 2e-5 * std::max(1.0, sum)) << terms[i].name;
  }
}

TEST_P(TinyBertDistillation, ThreeStepsAreThoseOfTheFormulasForAnyMicroBatches) {
  for (const bool is_cut : {false, true}) {
    SCOPED_TRACE(is_cut ? "cut" : "whole");
    Distillation run(name_);
    const at::Tensor before = run.student.model->parameters().values().clone();
    FixedSource source(run.expected["sequences"], is_cut);
    train::Trainer trainer(*run.unit, source, run.training, nullptr);
    const train::TrainingSummary summary = trainer.run();
    EXPECT_NEAR(summary.loss, run.expected["steps"].back()["loss"].get<double>(), 1e-5);
    std::map<std::string, at::Tensor> expected = read_tensors(root() / (name_ + ".safetensors"));
    const auto vanishing = run.expected["vanishing_gradients"].get<std::vector<std::string>>();
    const at::Tensor change = run.student.model->parameters().values() - before;
    for (const kernel::NamedSlice& slice : run.student.model->parameters().slices()) {
      const at::Tensor own = change.narrow(0, slice.offset, slice.element_count).view(slice.shape);
      const auto update = expected.find("update." + slice.name);
      if (update == expected.end()) {
        EXPECT_EQ(own.abs().max().item<float>(), 0.0F) << slice.name << " is not trained";
      } else if (std::find(vanishing.begin(), vanishing.end(), slice.name) == vanishing.end()) {
        EXPECT_LE(relative_difference(sketch(own), update->second), 2e-3) << slice.name;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, TinyBertDistillation,
                         testing::Combine(testing::Values("published", "uniform", "squares", "equal_width",
                                                          "context_cosine", "questions", "classes"),
                                          testing::Values(Implementation::kReference, Implementation::kFused)),
                         [](const auto& parameters) {
                           return std::get<0>(parameters.param) +
                                  (std::get<1>(parameters.param) == Implementation::kFused ? "_fused" : "_reference");
                         });

TEST(RelationLoss, SumsAndGradientsAreTorchs) {
  const Json expected = read_json_file(root() / "relation.json");
  const auto tensors = read_tensors(root() / "relation.safetensors");
  kernel::Ragged batch;
  for (const int64_t length : expected["lengths"].get<std::vector<int64_t>>())
    batch.append(std::vector<int32_t>(static_cast<size_t>(length), 5), length);
  const kernel::TokenRows rows = kernel::make_token_rows(batch);
  const std::map<std::string, kernel::Relation> relations{{"query_key", kernel::Relation::kQueryKey},
                                                          {"self", kernel::Relation::kSelf}};
  const std::map<std::string, kernel::Distance> distances{{"kld", kernel::Distance::kDivergence},
                                                          {"mse", kernel::Distance::kSquared},
                                                          {"cosine", kernel::Distance::kCosine}};
  const int64_t heads = expected["heads"];
  for (const auto& [relation, kind] : relations)
    for (const auto& [name, distance] : distances) {
      const std::string key = relation + "." + name;
      SCOPED_TRACE(key);
      // In the fixture the relation of a tensor to itself is that of the queries.
      const bool is_self = relation == "self";
      const auto part = [&](const at::Tensor& all) {
        return (is_self ? all.narrow(1, 0, all.size(1) / 3) : all).contiguous().clone();
      };
      at::Tensor student = part(tensors.at("student")).set_requires_grad(true);
      const at::Tensor loss =
          kernel::relation_loss(student, part(tensors.at("teacher")), rows, {heads, kind, distance});
      loss.backward();
      const double sum = expected["sums"][key];
      EXPECT_NEAR(loss.item<double>(), sum, 1e-5 * sum);
      EXPECT_LT(relative_difference(student.grad(), part(tensors.at("gradient." + key))), 1e-5);
    }
}

}  // namespace
}  // namespace retort::parity
