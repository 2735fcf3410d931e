#include "retort/task/mlm_training.h"

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/random.h"
#include "retort/model/names.h"
#include "retort/task/corpus.h"
#include "retort/task/mlm_unit.h"
#include "retort/task/token_counts.h"
#include "retort/task/training_run.h"
#include "retort/train/process_group.h"
#include "retort/train/source_options.h"

namespace retort::task {

namespace {

constexpr uint64_t kHeldOutKey = 20191002;  // the masks of held-out text are the same in every run

HeldOutText make_held_out(const CorpusConfig& corpus, const pretrained::LoadedModel& loaded,
                          const data::TokenMasker& masker) {
  HeldOutText text;
  if (corpus.eval_file.empty() || !train::process_group().is_main()) return text;
  text.corpus = std::make_unique<data::TokenRowSet>(
      make_token_rows(open_corpus(corpus.eval_file, loaded), corpus.rows, corpus.eval_file));
  const int64_t all = text.corpus->row_count(), most = corpus.max_eval_sequences;
  text.rows = std::make_unique<data::RowRange>(*text.corpus, 0, most < 0 ? all : std::min(most, all));
  text.masked = std::make_unique<data::MaskedRowSet>(*text.rows, masker, kHeldOutKey);
  if (corpus.pseudo_perplexity_sequences > 0)
    text.each_token = std::make_unique<data::EachTokenMasked>(*text.rows, corpus.pseudo_perplexity_sequences,
                                                              loaded.tokenizer->mask_id());
  return text;
}

std::unique_ptr<distill::Teacher> load_teacher(const LanguageModelRun& run, const pretrained::LoadedModel& student) {
  auto teacher = std::make_unique<distill::Teacher>(*run.teacher, model::Head::kMaskedLm, run.training.precision_kind(),
                                                    run.model, student, run.corpus.rows.max_seq_length);
  if (run.losses.needs_teacher_logits()) teacher->warn_unless_trained("masked words");
  const int64_t own = student.model->config().hidden_size, other = teacher->model().config().hidden_size;
  if (run.losses.alpha_cos > 0 && own != other)
    throw UserError("`alpha_cos` must be 0 for models of different width, but is {} with {} and {}",
                    run.losses.alpha_cos, own, other);
  return teacher;
}

void freeze_tables(const std::vector<std::string>& tables, model::Model& model) {
  const auto names = model::embedding_names(model.config().family, model::base_prefix(model.config().family));
  for (const std::string& table : tables) {
    const std::string& name = table == "position" ? names.position : names.segment;
    if (!name.empty()) model.parameters().freeze(name);
  }
}

}  // namespace

Json train_language_model(const LanguageModelRun& task) {
  const train::TrainingConfig& training = task.training;
  const CorpusConfig& corpus = task.corpus;
  corpus.masking.check();
  if (!corpus.eval_file.empty() && corpus.masking.mlm_mask_prop <= 0)
    throw UserError("`mlm_mask_prop` must be above 0 for held-out scores, but is 0; leave out `--eval_file`");
  if (task.losses.restrict_ce_to_mask && corpus.masking.mlm_mask_prop <= 0)
    throw UserError("`mlm_mask_prop` must be above 0 with `restrict_ce_to_mask`, but is 0; nothing would be compared");
  if (task.losses.mlm && task.losses.alpha_mlm > 0 && corpus.masking.mlm_mask_prop <= 0)
    throw UserError("`mlm_mask_prop` must be above 0 to learn masked tokens, but is 0; 0.15 is usual");
  if (corpus.eval_file.empty() && corpus.pseudo_perplexity_sequences > 0)
    throw UserError("`--eval_file` must be given for `pseudo_perplexity_sequences`, but is missing");
  TrainingRun run(training, task.output, task.settings);
  if (const auto results = run.maybe_finished()) return *results;
  const auto seed = static_cast<uint64_t>(training.seed);
  pretrained::LoadedModel student = pretrained::load_model(task.model, {.head = model::Head::kMaskedLm,
                                                                        .may_start_head = true,
                                                                        .may_start_body = true,
                                                                        .model = training_model_options(training),
                                                                        .seed = seed});
  check_positions(student, corpus.rows.max_seq_length);
  freeze_tables(task.frozen_tables, *student.model);
  std::unique_ptr<distill::Teacher> teacher;
  if (task.teacher != nullptr) teacher = load_teacher(task, student);

  const auto file = open_corpus(corpus.data_file, student);
  const data::TokenRowSet rows = make_token_rows(file, corpus.rows, corpus.data_file);
  const data::TokenMasker masker(corpus.masking, file->vocabulary(),
                                 corpus.token_counts.empty()
                                     ? file->count_ids()
                                     : read_token_counts(corpus.token_counts, file->vocabulary().size));
  const HeldOutText held_out = make_held_out(corpus, student, masker);

  data::ShuffledSourceOptions options = train::source_options(training);
  options.prepare = [&](data::StepBatch& step) {
    if (task.losses.mlm) return masker.mask(step, make_key(seed, step.position.epoch, 2));
    for (data::Batch& batch : step.micro_batches) data::label_next_tokens(batch);
  };
  data::ShuffledSource source(rows, options);
  run.check_continues(source);
  const int64_t tokens = training.micro_batch_tokens();
  MlmUnit unit(student, teacher.get(), task.losses, held_out, tokens);
  if (held_out.masked) {
    if (teacher)
      distill::Teacher::report_scores(task.output,
                                      [&] { return evaluate_masked_lm(teacher->model(), *held_out.masked, tokens); });
    if (!task.output.continues_a_run()) log_info("before training: {}", unit.evaluate().dump());
  }
  const Json trained = run.train(unit, source);
  if (!run.has_folder()) return {};

  Json results = run.evaluate([&] {
    Json scores = unit.evaluate();
    if (held_out.each_token)
      scores["pseudo_perplexity"] = evaluate_masked_lm(*student.model, *held_out.each_token, tokens).at("perplexity");
    return scores;
  });
  results.update(trained);
  run.finish(student, "masked language model", results);
  return results;
}

}  // namespace retort::task
