// Masks tokens for masked-LM training. Rare tokens are drawn more often (Sanh et al. 2019; Lample & Conneau 2019): with
// weights count^-smoothing, without replacement.
#pragma once

#include <cstdint>
#include <vector>

#include "retort/base/fields.h"
#include "retort/data/corpus/token_file.h"
#include "retort/data/source.h"

namespace retort::data {

struct MaskingOptions {
  double mlm_mask_prop = 0.15;  // share of tokens to predict
  double word_mask = 0.8, word_keep = 0.1,
         word_rand = 0.1;      // replacement of such a token: [MASK], itself, a random token; sum 1
  double mlm_smoothing = 0.7;  // 0: all tokens are drawn equally often

  void fields(FieldList& list);
  // Throws UserError when the three shares do not add up to 1.
  void check() const;
};

// Thread-safe.
class TokenMasker {
 public:
  // `counts` [vocabulary size]: occurrences of each id in the corpus. Special tokens are never drawn.
  TokenMasker(const MaskingOptions& options, const TokenVocabulary& vocabulary, const std::vector<int64_t>& counts);

  // Returns the weight of each id in the draw, [vocabulary size].
  const std::vector<double>& weights() const { return weights_; }

  // Chooses ceil(mlm_mask_prop * tokens) tokens of the step, replaces their ids and fills `token_labels` of each
  // micro-batch. Depends only on key, rows and tokens, not on how the step is cut into micro-batches.
  void mask(StepBatch& step, uint64_t key) const;
  // Masks only the last sequence of a batch: a held-out row then has the same masks in every batch.
  void mask_last_sequence(Batch& batch, uint64_t key) const;

 private:
  struct Candidate {
    double rank;  // the smallest are chosen
    uint32_t batch, token;
  };
  void add_candidates(const Batch& batch, uint32_t number, size_t sequence, uint64_t key,
                      std::vector<Candidate>& candidates) const;
  void mask_token(Batch& batch, size_t sequence, int32_t token, uint64_t key) const;

  MaskingOptions options_;
  TokenVocabulary vocabulary_;
  std::vector<double> weights_;  // [vocabulary size]
};

// Held-out rows with the masks of `key`, equal in every evaluation. `rows` and `masker` must outlive it.
class MaskedRowSet final : public RowSet {
 public:
  MaskedRowSet(const RowSet& rows, const TokenMasker& masker, uint64_t key) : rows_(rows), masker_(masker), key_(key) {}
  int64_t row_count() const override { return rows_.row_count(); }
  int64_t token_count(int64_t row) const override { return rows_.token_count(row); }
  void append(int64_t row, Batch& batch) const override;

 private:
  const RowSet& rows_;
  const TokenMasker& masker_;
  uint64_t key_;
};

// Each of the first `count` rows once for every token between [CLS] and [SEP], with this token masked: the input of
// pseudo-perplexity (Salazar et al. 2020). `rows` must outlive it.
class EachTokenMasked final : public RowSet {
 public:
  EachTokenMasked(const RowSet& rows, int64_t count, int32_t mask_id);
  int64_t row_count() const override { return static_cast<int64_t>(places_.size()); }
  int64_t token_count(int64_t row) const override { return rows_.token_count(places_[row].row); }
  void append(int64_t row, Batch& batch) const override;

 private:
  struct Place {
    int64_t row, token;
  };
  const RowSet& rows_;
  int32_t mask_id_;
  std::vector<Place> places_;
};

// Fills `token_labels` for next-token prediction: the label of each token is the next id; the last token of a sequence
// has none.
void label_next_tokens(Batch& batch);

}  // namespace retort::data
