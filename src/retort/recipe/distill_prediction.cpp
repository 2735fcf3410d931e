#include "retort/recipe/distill_prediction.h"

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/settings.h"
#include "retort/task/glue_training.h"
#include "retort/task/prediction_unit.h"
#include "retort/task/squad_training.h"
#include "retort/train/runtime_precision.h"
#include "retort/train/source_options.h"

namespace retort::recipe {

namespace {

distill::Teacher load_teacher(const DistillPredictionConfig& config, model::Head head,
                              const pretrained::LoadedModel& student, const pretrained::TaskClasses& classes = {}) {
  distill::Teacher teacher(config.teacher, head, train::precision_of(config.training), config.model, student,
                           config.data.sequence_length(), classes);
  teacher.warn_unless_trained("this task");
  return teacher;
}

void check_outputs(const distill::Teacher& teacher, const data::GlueTask& task) {
  const auto outputs = static_cast<int64_t>(teacher.model().config().labels.size());
  if (outputs != task.output_count())
    throw UserError(
        "`teacher` must have {} outputs for `{}`, but `{}` has {}; choose one that was fine-tuned for this task",
        task.output_count(), task.name, teacher.config().teacher, outputs);
}

Json distill_glue(const DistillPredictionConfig& config) {
  const train::TrainingConfig& training = config.training;
  const task::GlueDataConfig data = config.data.glue_data();
  task::TrainingRun run(training, config.output, settings_of("distill prediction", config));
  if (const auto results = run.maybe_finished()) return *results;

  pretrained::LoadedModel student = task::load_glue_model(config.model, data, training);
  const distill::Teacher teacher = load_teacher(config, model::Head::kSequenceClassification, student, data.classes());
  check_outputs(teacher, data.task());
  const task::GlueTrainingSets sets = task::load_glue_sets(data, training, student);
  data::ShuffledSource source(sets.train, train::source_options(training));
  run.check_continues(source);

  std::optional<distill::TargetPlan> plan;  // a regression uses only its labels
  if (!data.task().is_regression()) plan.emplace(distill::plan_logit_targets(teacher, sets.train, training));
  if (config.teacher.score_teacher && !run.continues_a_run())
    teacher.log_scores(task::evaluate_glue_dev(
        teacher.model(), sets.dev, task::glue_evaluation_run(data, training.micro_batch_tokens()), /*folder=*/{}));

  task::GluePredictionUnit unit(student, plan ? distill::make_targets(*plan) : distill::TeacherTargets(),
                                config.temperature, data, training, sets.dev);
  const Json rates = run.train(unit, source);
  return task::finish_glue_run(run, student, data, sets, training, rates);
}

Json distill_questions(const DistillPredictionConfig& config) {
  const train::TrainingConfig& training = config.training;
  const task::SquadDataConfig data = config.data.squad_data();
  task::TrainingRun run(training, config.output, settings_of("distill prediction", config));
  if (const auto results = run.maybe_finished()) return *results;

  pretrained::LoadedModel student = task::load_squad_model(config.model, training);
  const distill::Teacher teacher = load_teacher(config, model::Head::kQuestionAnswering, student);
  const task::SquadTrainingSets sets = task::load_squad_sets(data, training, student);
  data::ShuffledSource source(sets.train, train::source_options(training));
  run.check_continues(source);

  const distill::TargetPlan plan = distill::plan_logit_targets(teacher, sets.train, training);
  if (sets.dev && config.teacher.score_teacher && !run.continues_a_run())
    teacher.log_scores(task::evaluate_dev(teacher.loaded(), data, *sets.dev, training.micro_batch_tokens()));

  task::SquadPredictionUnit unit(student, distill::make_targets(plan), config.temperature, data,
                                 training.micro_batch_tokens(), sets.maybe_dev());
  const Json rates = run.train(unit, source);
  return task::finish_squad_run(run, student, data, sets.maybe_dev(), training, rates);
}

}  // namespace

Json distill_prediction(const DistillPredictionConfig& config) {
  config.states.check_prediction();
  distill::Teacher::check_is_not_written(config.teacher, config.output);
  return config.data.is_squad() ? distill_questions(config) : distill_glue(config);
}

}  // namespace retort::recipe
