#include "retort/augment/augmenter.h"

#include <mutex>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/thread.h"
#include "retort/kernel/matmul.h"
#include "retort/train/common_stop.h"
#include "retort/train/process_setup.h"
#include "retort/train/runtime_precision.h"
#include "retort/train/same_settings.h"

namespace retort::augment {

namespace {

constexpr int64_t kTextsPerThread = 16;  // minimum, in the parallel loops outside of the model

pretrained::LoadedModel load_masked_lm(const AugmentConfig& config) {
  if (config.model.model.starts_with("preset:"))
    log_warning("`{}` has random weights; its candidates are meaningless", config.model.model);
  return pretrained::load_model(
      config.model, {.head = model::Head::kMaskedLm, .model = {.precision = train::precision_of(config.inference)}});
}

}  // namespace

bool set_up_augmentation(const AugmentConfig& config, const Json& settings) {
  train::set_up_processes(config.inference, config.process_timeout);
  Json shared = settings;
  for (const char* name : {"output_file", "overwrite_output_file"}) shared.erase(name);  // of rank 0
  train::check_same_settings(train::process_group(), shared);
  return train::process_group().is_main();
}

Augmenter::Augmenter(const AugmentConfig& config, int64_t passes, const std::string& unit, int64_t total)
    : config_(config),
      passes_(config.passes >= 0 ? config.passes : passes),
      rules_({.replaces_question_words = config.replace_question_words}),
      vectors_(GloveVectors::load(config.glove_embs,
                                  {.max_rows = config.glove_rows, .on_bad_record = config.bad_record_policy()})),
      loaded_(load_masked_lm(config)),
      progress_({.title = "augment", .unit = unit, .total = total}),
      start_(std::chrono::steady_clock::now()) {
  kernel::set_deterministic_matmul(true);  // the order of near ties must not depend on the number of threads
  rules_.max_chunk_pieces = CandidateFinder::max_chunk_pieces(*loaded_.model);
  loaded_.tokenizer->mask_id();  // throws at once for a vocabulary without [MASK]
}

AugmentText Augmenter::prepare(const std::vector<text::BasicWord>& words,
                               const std::set<std::string>& black_list) const {
  return make_augment_text(words, *loaded_.tokenizer, rules_, black_list);
}

void Augmenter::collect_glove_words(int64_t count,
                                    const std::function<void(int64_t i, std::set<std::string>& words)>& visit) {
  std::set<std::string> words;
  std::mutex mutex;
  parallel_for(count, kTextsPerThread, [&](int64_t begin, int64_t end) {
    std::set<std::string> local;
    for (int64_t i = begin; i < end; ++i) visit(i, local);
    const std::lock_guard lock(mutex);
    words.merge(local);
  });
  neighbors_ = std::make_unique<GloveNeighbors>(vectors_, words, config_.candidates);
  finder_ = std::make_unique<CandidateFinder>(
      *loaded_.model, *loaded_.tokenizer, *neighbors_,
      CandidateFinder::Options{.count = config_.candidates,
                               .words_per_copy = config_.words_per_copy,
                               .max_tokens_per_batch = config_.inference.max_tokens_per_batch});
}

std::vector<std::vector<Variant>> Augmenter::make_variants(std::span<const AugmentJob> jobs, int64_t units,
                                                           bool as_published) {
  RETORT_CHECK(finder_ != nullptr, "make_variants was called before collect_glove_words");
  std::vector<const AugmentText*> texts;
  for (const AugmentJob& job : jobs) texts.push_back(&job.text);
  auto candidates = finder_->find(
      texts, [&](double share) { report(static_cast<double>(done_) + share * static_cast<double>(units)); });
  std::vector<std::vector<Variant>> variants(jobs.size());
  parallel_for(static_cast<int64_t>(jobs.size()), kTextsPerThread, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end) && stop_.requested() == 0; ++i) {
      if (as_published) overwrite_first_chunk(candidates[i], rules_.max_chunk_words);
      variants[i] = augment::make_variants(jobs[i].original, jobs[i].text.words, candidates[i],
                                           {.passes = passes_,
                                            .probability = config_.probability,
                                            .key = jobs[i].key,
                                            .keeps_unchanged = config_.keep_unchanged_text});
    }
  });
  if (train::common_stop(train::process_group(), stop_) != 0) train::throw_if_stopped();
  done_ += units;
  report(static_cast<double>(done_));
  return variants;
}

void Augmenter::report(double done) {
  const CandidateCounts& counts = finder_->counts();
  progress_.update({.done = static_cast<int64_t>(done), .sequences = counts.masked_copies, .tokens = counts.tokens});
}

Json Augmenter::finish() {
  progress_.finish();
  const CandidateCounts& counts = finder_->counts();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const auto rate = [&](int64_t count) { return seconds > 0 ? static_cast<double>(count) / seconds : 0.0; };
  return {{"words", counts.words},
          {"masked_words", counts.masked_words},
          {"masked_copies", counts.masked_copies},
          {"shared_words", counts.shared_words},
          {"glove_words", counts.glove_words},
          {"candidates", counts.candidates},
          {"seconds", seconds},
          {"words_per_second", rate(counts.words)},
          {"candidates_per_second", rate(counts.candidates)},
          {"tokens_per_second", rate(counts.tokens)}};
}

}  // namespace retort::augment
