#include "retort/recipe/distill_prediction.h"

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/recipe/glue_training.h"
#include "retort/recipe/prediction_unit.h"
#include "retort/recipe/settings.h"
#include "retort/recipe/squad_training.h"
#include "retort/train/process_group.h"

namespace retort::recipe {

namespace {

std::unique_ptr<Teacher> load_teacher(const DistillPredictionConfig& config, model::Head head,
                                      const LoadedModel& student, const TaskClasses& classes = {}) {
  auto teacher = std::make_unique<Teacher>(config.teacher, head, config.training.precision_kind(), config.model,
                                           student, config.data.max_seq_length(), classes);
  teacher->warn_unless_trained("this task");
  return teacher;
}

void check_outputs(const Teacher& teacher, const data::GlueTask& task) {
  const auto outputs = static_cast<int64_t>(teacher.model().config().labels.size());
  if (outputs != task.output_count())
    throw UserError(
        "`teacher` must have {} outputs for `{}`, but `{}` has {}; take one that was fine-tuned for this task",
        task.output_count(), task.name, teacher.config().teacher, outputs);
}

Json distill_glue(const DistillPredictionConfig& config) {
  const GlueDataConfig data = config.data.glue_data();
  std::unique_ptr<Teacher> teacher;
  GlueRun run{config.model, data, config.training, config.output, settings_of("distill prediction", config)};
  run.check_model = [&](LoadedModel& student) {
    teacher = load_teacher(config, model::Head::kSequenceClassification, student, data.classes());
    check_outputs(*teacher, data.task());
  };
  return train_glue(run, [&](const GlueMaterial& material) {
    const auto report = [&] {
      if (train::process_group().is_main())
        Teacher::report_scores(
            config.output, [&] { return GlueUnit(teacher->loaded(), data, config.training, material.dev).evaluate(); });
    };
    TeacherTargets targets;  // regression has labels alone
    if (data.task().is_regression())
      report();
    else
      targets = logit_targets(*teacher, material.rows, config.training, report);
    return std::make_unique<GluePredictionUnit>(material.loaded, std::move(targets), config.temperature, data,
                                                config.training, material.dev);
  });
}

Json distill_questions(const DistillPredictionConfig& config) {
  const SquadDataConfig data = config.data.squad_data();
  const int64_t tokens = config.training.micro_batch_tokens();
  std::unique_ptr<Teacher> teacher;
  SquadRun run{config.model, data, config.training, config.output, settings_of("distill prediction", config)};
  run.check_model = [&](LoadedModel& student) {
    teacher = load_teacher(config, model::Head::kQuestionAnswering, student);
  };
  return train_squad(run, [&](const SquadMaterial& material) {
    const auto report = [&] {
      if (material.dev != nullptr)
        Teacher::report_scores(config.output,
                               [&] { return SquadUnit(teacher->loaded(), data, tokens, material.dev).evaluate(); });
    };
    return std::make_unique<SquadPredictionUnit>(material.loaded,
                                                 logit_targets(*teacher, material.rows, config.training, report),
                                                 config.temperature, data, tokens, material.dev);
  });
}

}  // namespace

Json distill_prediction(const DistillPredictionConfig& config) {
  config.states.check_prediction();
  Teacher::check_is_not_written(config.teacher, config.output);
  return config.data.is_squad() ? distill_questions(config) : distill_glue(config);
}

}  // namespace retort::recipe
