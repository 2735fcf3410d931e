// The flags of language-model training on a token file: corpus, masking and loss weights.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/data/corpus/masking.h"
#include "retort/data/corpus/token_rows.h"

namespace retort::task {

// Whether a command learns only from a token file.
enum class CorpusUse { kRequired, kOptional };

struct CorpusConfig {
  std::string data_file, eval_file, token_counts;
  data::TokenRowOptions rows;
  data::MaskingOptions masking;
  int64_t max_eval_sequences = 2000;
  int64_t pseudo_perplexity_sequences = 0;

  void fields(FieldList& list, CorpusUse use = CorpusUse::kRequired);
};

// Weights of the loss terms of DistilBERT's pre-training (Sanh et al. 2019).
struct LanguageLossConfig {
  double alpha_ce = 0.5, alpha_mlm = 0.5, alpha_clm = 0, alpha_mse = 0, alpha_cos = 0;
  double temperature = 2;
  bool mlm = true;
  bool restrict_ce_to_mask = false;

  void fields(FieldList& list);
  // Throws UserError when all weights are 0, or when they contradict `mlm`.
  void check() const;
  bool needs_teacher_logits() const { return alpha_ce > 0 || alpha_mse > 0; }
  double label_weight() const { return mlm ? alpha_mlm : alpha_clm; }
};

}  // namespace retort::task
