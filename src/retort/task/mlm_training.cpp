#include "retort/task/mlm_training.h"

#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/task/corpus.h"
#include "retort/task/token_counts.h"
#include "retort/train/process_group.h"
#include "retort/train/source_options.h"

namespace retort::task {

namespace {

constexpr uint64_t kHeldOutKey = 20191002;  // the same masks of held-out text in every run

HeldOutText make_held_out(const CorpusConfig& corpus, const pretrained::LoadedModel& loaded,
                          const data::TokenMasker& masker) {
  HeldOutText text;
  if (corpus.eval_file.empty()) return text;
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

std::vector<int64_t> counts_of(const CorpusConfig& config, const data::TokenFile& file) {
  return config.token_counts.empty() ? file.count_ids()
                                     : read_token_counts(config.token_counts, file.vocabulary().size);
}

}  // namespace

void check_language_settings(const CorpusConfig& corpus, const LanguageLossConfig& losses) {
  corpus.masking.check();
  if (!corpus.eval_file.empty() && corpus.masking.mlm_mask_prop <= 0)
    throw UserError("`mlm_mask_prop` must be above 0 for held-out scores, but is 0; remove `--eval_file`");
  if (losses.restrict_ce_to_mask && corpus.masking.mlm_mask_prop <= 0)
    throw UserError("`mlm_mask_prop` must be above 0 with `restrict_ce_to_mask`, but is 0; 0.15 is usual");
  if (losses.mlm && losses.alpha_mlm > 0 && corpus.masking.mlm_mask_prop <= 0)
    throw UserError("`mlm_mask_prop` must be above 0 to predict masked tokens, but is 0; 0.15 is usual");
  if (corpus.eval_file.empty() && corpus.pseudo_perplexity_sequences > 0)
    throw UserError("`--eval_file` must be given for `pseudo_perplexity_sequences`, but is missing");
}

pretrained::LoadedModel load_language_model(const pretrained::ModelSource& source, const CorpusConfig& corpus,
                                            const train::TrainingConfig& training) {
  pretrained::LoadedModel loaded = pretrained::load_model(source, {.head = model::Head::kMaskedLm,
                                                                   .may_initialize_head = true,
                                                                   .may_initialize_encoder = true,
                                                                   .model = training_model_options(training),
                                                                   .seed = static_cast<uint64_t>(training.seed)});
  check_positions(loaded, corpus.rows.max_seq_length);
  return loaded;
}

LanguageCorpus::LanguageCorpus(const CorpusConfig& config, const pretrained::LoadedModel& loaded)
    : file_(open_corpus(config.data_file, loaded)),
      sequences_(make_token_rows(file_, config.rows, config.data_file)),
      masker_(config.masking, file_->vocabulary(), counts_of(config, *file_)),
      held_out_(make_held_out(config, loaded, masker_)) {}

data::ShuffledSourceOptions LanguageCorpus::source_options(const train::TrainingConfig& training,
                                                           const LanguageLossConfig& losses) const {
  data::ShuffledSourceOptions options = train::source_options(training);
  options.prepare = [this, seed = static_cast<uint64_t>(training.seed), mlm = losses.mlm](data::StepBatch& step) {
    if (mlm) return masker_.mask(step, make_key(seed, step.position.epoch, 2));
    for (data::Batch& batch : step.micro_batches) data::label_next_tokens(batch);
  };
  return options;
}

Json finish_language_run(TrainingRun& run, const pretrained::LoadedModel& loaded, MlmUnit& unit,
                         const HeldOutText& held_out, const train::TrainingConfig& training, const Json& rates) {
  Json results = run.evaluate([&] {
    Json scores = unit.evaluate();
    if (held_out.each_token)
      scores["pseudo_perplexity"] =
          evaluate_masked_lm(*loaded.model, *held_out.each_token, training.micro_batch_tokens()).at("perplexity");
    return scores;
  });
  if (!run.has_folder()) return {};
  results.update(rates);
  run.finish(loaded, "masked language model", results);
  return results;
}

}  // namespace retort::task
