// The part of augmentation that SQuAD and GLUE share: first collects the words of all texts that need GloVe, then
// converts texts to candidates and variants, block by block. Counts, shows progress, and stops between batches after a
// signal.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "retort/augment/augment_candidates.h"
#include "retort/augment/augment_config.h"
#include "retort/augment/augment_variants.h"
#include "retort/augment/augment_words.h"
#include "retort/pretrained/model_folder.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"

namespace retort::augment {

// Sets this process up and joins those of the launcher, which share the work and need equal settings. Returns whether
// it is rank 0, which writes the output.
bool set_up_augmentation(const AugmentConfig& config, const Json& settings);

// A text to augment.
struct AugmentJob {
  std::string_view original;
  AugmentText text;
  uint64_t key = 0;  // random key of its draws
};

class Augmenter {
 public:
  // Loads GloVe and the model, which must have a masked-LM head. `unit` names what the progress line counts up to
  // `total`.
  Augmenter(const AugmentConfig& config, int64_t passes, const std::string& unit, int64_t total);

  const text::TokenizerOptions& tokenizer_options() const { return loaded_.tokenizer->options(); }
  // Thread-safe.
  AugmentText prepare(const std::vector<text::BasicWord>& words, const std::set<std::string>& black_list = {}) const;
  // Calls `visit(i, words)` for i = 0..count-1 from several threads; it adds the words of text i that need GloVe. Call
  // it once, before the first `make_variants`.
  void collect_glove_words(int64_t count, const std::function<void(int64_t i, std::set<std::string>& words)>& visit);
  // Returns the variants of each text. With `as_published`, candidates of later chunks replace those of the first
  // chunk. The texts belong to `units` records or paragraphs, for the progress line. Throws Interrupted after a signal.
  std::vector<std::vector<Variant>> make_variants(std::span<const AugmentJob> jobs, int64_t units,
                                                  bool as_published = false);
  // Ends the progress line. Returns counts of words and candidates, seconds since construction, and rates.
  Json finish();

 private:
  // Updates the progress line.
  void report(double done);

  AugmentConfig config_;
  int64_t passes_;
  AugmentRules rules_;
  GloveVectors vectors_;
  pretrained::LoadedModel loaded_;
  std::unique_ptr<GloveNeighbors> neighbors_;
  std::unique_ptr<CandidateFinder> finder_;
  train::StopSignal stop_;
  train::Progress progress_;
  int64_t done_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace retort::augment
