#include "retort/recipe/distill_mlm.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/settings.h"
#include "retort/model/names.h"
#include "retort/task/mlm_training.h"
#include "retort/train/runtime_precision.h"

namespace retort::recipe {

namespace {

// The published program logs and saves every N batches; a step has several batches.
void count_intervals_in_steps(DistillMlmConfig& config) {
  const auto to_steps = [&](int64_t batches) {
    return std::max<int64_t>(1, batches / config.training.gradient_accumulation_steps);
  };
  if (config.log_interval > 0) config.training.logging_steps = to_steps(config.log_interval);
  if (config.checkpoint_interval > 0) config.training.save_steps = to_steps(config.checkpoint_interval);
}

void freeze_embeddings(const DistillMlmConfig& config, model::Model& model) {
  const auto names = model::embedding_names(model.config().family, model::base_prefix(model.config().family));
  if (config.freeze_pos_embs && !names.position.empty()) model.parameters().freeze(names.position);
  if (config.freeze_token_type_embds && !names.segment.empty()) model.parameters().freeze(names.segment);
}

distill::Teacher load_teacher(const DistillMlmConfig& config, const pretrained::LoadedModel& student) {
  distill::Teacher teacher(config.teacher, model::Head::kMaskedLm, train::precision_of(config.training), config.model,
                           student, config.corpus.rows.max_seq_length);
  if (config.losses.needs_teacher_logits()) teacher.warn_unless_trained("masked words");
  const int64_t student_size = student.model->config().hidden_size, teacher_size = teacher.model().config().hidden_size;
  if (config.losses.alpha_cos > 0 && student_size != teacher_size)
    throw UserError("`alpha_cos` must be 0 for different hidden sizes, but is {} with {} and {}",
                    config.losses.alpha_cos, student_size, teacher_size);
  return teacher;
}

}  // namespace

Json distill_mlm(const DistillMlmConfig& given) {
  DistillMlmConfig config = given;
  config.losses.check();
  count_intervals_in_steps(config);
  const train::TrainingConfig& training = config.training;
  task::check_language_settings(config.corpus, config.losses);
  distill::Teacher::check_is_not_written(config.teacher, config.output);
  task::TrainingRun run(training, config.output, settings_of("distill mlm", config));
  if (const auto results = run.maybe_finished()) return *results;

  pretrained::LoadedModel student = task::load_language_model(config.model, config.corpus, training);
  freeze_embeddings(config, *student.model);
  const distill::Teacher teacher = load_teacher(config, student);
  const task::LanguageCorpus corpus(config.corpus, student);
  data::ShuffledSource source(corpus.sequences(), corpus.source_options(training, config.losses));
  run.check_continues(source);

  task::MlmUnit unit(student, &teacher, config.losses, corpus.held_out(), training.micro_batch_tokens());
  if (corpus.held_out().masked && !run.continues_a_run()) {
    if (config.teacher.score_teacher)
      teacher.log_scores(
          task::evaluate_masked_lm(teacher.model(), *corpus.held_out().masked, training.micro_batch_tokens()));
    log_info("before training: {}", unit.evaluate().dump());
  }
  const Json rates = run.train(unit, source);
  return task::finish_language_run(run, student, unit, corpus.held_out(), training, rates);
}

}  // namespace retort::recipe
