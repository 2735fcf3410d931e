#include "retort/recipe/distill_squad.h"

#include "retort/base/log.h"
#include "retort/base/settings.h"
#include "retort/task/distill_squad_unit.h"
#include "retort/task/squad_training.h"
#include "retort/train/runtime_precision.h"
#include "retort/train/source_options.h"

namespace retort::recipe {

namespace {

// Returns the loss weights; without a teacher, only that of the labels.
distill::SoftTargetConfig effective_weights(const DistillSquadConfig& config) {
  distill::SoftTargetConfig weights = config.distillation;
  weights.check();
  if (config.teacher.teacher.empty()) {
    log_info("without `--teacher`, only the labels are targets");
    weights.alpha_ce = 0, weights.alpha_squad = 1;
  } else if (!weights.needs_teacher()) {
    log_info("`--teacher` has no effect with --alpha_ce 0");
  }
  return weights;
}

}  // namespace

Json distill_squad(const DistillSquadConfig& given) {
  DistillSquadConfig config = given;
  config.distillation = effective_weights(given);
  const train::TrainingConfig& training = config.training;
  const task::SquadDataConfig data = config.data.with_files();
  distill::Teacher::check_is_not_written(config.teacher, config.output);
  task::TrainingRun run(training, config.output, settings_of("distill squad", config));
  if (const auto results = run.maybe_finished()) return *results;

  pretrained::LoadedModel student = task::load_squad_model(config.model, training, /*may_initialize_encoder=*/true);
  std::optional<distill::Teacher> teacher;
  if (config.distillation.needs_teacher()) {
    teacher.emplace(config.teacher, model::Head::kQuestionAnswering, train::precision_of(training), config.model,
                    student, data.features.max_seq_length);
    teacher->warn_unless_trained("questions");
  }
  const task::SquadTrainingSets sets = task::load_squad_sets(data, training, student);
  data::ShuffledSource source(sets.train, train::source_options(training));
  run.check_continues(source);

  distill::TeacherTargets targets;
  if (teacher) {
    const distill::TargetPlan plan = distill::plan_logit_targets(*teacher, sets.train, training);
    if (sets.dev && config.teacher.score_teacher && !run.continues_a_run())
      teacher->log_scores(task::evaluate_dev(teacher->loaded(), data, *sets.dev, training.micro_batch_tokens()));
    targets = distill::make_targets(plan);
  }

  task::DistillSquadUnit unit(student, std::move(targets), config.distillation, data, training.micro_batch_tokens(),
                              sets.maybe_dev());
  const Json rates = run.train(unit, source);
  return task::finish_squad_run(run, student, data, sets.maybe_dev(), training, rates);
}

}  // namespace retort::recipe
