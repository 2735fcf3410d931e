// Weighted sampling without replacement: each candidate gets an exponential waiting time -log(u) / w, and the n
// smallest are chosen (Efraimidis & Spirakis 2006). Every candidate has its own u, so the result does not depend on the
// order.
#include "retort/data/corpus/masking.h"

#include <algorithm>
#include <cmath>

#include "retort/base/error.h"
#include "retort/base/random.h"

namespace retort::data {

namespace {

// Streams of random numbers per sequence.
enum Stream : uint64_t { kRank, kKind, kWord };

void take_first(std::vector<auto>& candidates, size_t count) {
  count = std::min(count, candidates.size());
  std::nth_element(candidates.begin(), candidates.begin() + static_cast<int64_t>(count), candidates.end(),
                   [](const auto& left, const auto& right) { return left.rank < right.rank; });
  candidates.resize(count);
}

}  // namespace

void MaskingOptions::fields(FieldList& list) {
  list.add("mlm_mask_prop", mlm_mask_prop, {.help = "Share of the tokens to predict.", .min = 0, .max = 1});
  list.add("word_mask", word_mask, {.help = "Share of these that become [MASK].", .min = 0, .max = 1});
  list.add("word_keep", word_keep, {.help = "Share of these that are kept.", .min = 0, .max = 1});
  list.add("word_rand", word_rand, {.help = "Share of these that become a random token.", .min = 0, .max = 1});
  list.add("mlm_smoothing", mlm_smoothing,
           {.help = "Tokens are drawn with the weight count^-smoothing; 0: equal weights.", .min = 0, .max = 1});
}

void MaskingOptions::check() const {
  if (std::abs(word_mask + word_keep + word_rand - 1) < 1e-9) return;
  throw UserError("`word_mask` + `word_keep` + `word_rand` must be 1, but is {}; change one of them",
                  word_mask + word_keep + word_rand);
}

TokenMasker::TokenMasker(const MaskingOptions& options, const TokenVocabulary& vocabulary,
                         const std::vector<int64_t>& counts)
    : options_(options), vocabulary_(vocabulary) {
  options.check();
  RETORT_CHECK(static_cast<int64_t>(counts.size()) == vocabulary.size, "{} counts for {} tokens", counts.size(),
               vocabulary.size);
  weights_.reserve(counts.size());
  for (size_t id = 0; id < counts.size(); ++id)
    weights_.push_back(vocabulary.is_special(static_cast<int32_t>(id))
                           ? 0.0
                           : std::pow(static_cast<double>(std::max<int64_t>(counts[id], 1)), -options.mlm_smoothing));
}

void TokenMasker::add_candidates(const Batch& batch, uint32_t number, size_t sequence, uint64_t key,
                                 std::vector<Candidate>& candidates) const {
  const uint64_t row_key = make_key(key, batch.rows[sequence], kRank);
  const int32_t first = batch.tokens.starts[sequence], end = batch.tokens.starts[sequence + 1];
  for (int32_t token = first; token < end; ++token) {
    const double weight = weights_.at(batch.tokens.ids[token]);
    if (weight > 0)
      candidates.push_back(
          {-std::log1p(-random_unit(row_key, token - first)) / weight, number, static_cast<uint32_t>(token)});
  }
}

// Makes `token` of sequence b a target and replaces its id.
void TokenMasker::mask_token(Batch& batch, size_t b, int32_t token, uint64_t key) const {
  const uint64_t row_key = make_key(key, batch.rows[b]);
  const auto place = static_cast<uint64_t>(token - batch.tokens.starts[b]);
  int32_t& id = batch.tokens.ids[token];
  batch.token_labels[token] = id;
  const double kind = random_unit(make_key(row_key, kKind), place);
  if (kind < options_.word_mask)
    id = vocabulary_.mask_id;
  else if (kind >= options_.word_mask + options_.word_keep)
    id = static_cast<int32_t>(random_below(make_key(row_key, kWord), place, static_cast<uint64_t>(vocabulary_.size)));
}

void TokenMasker::mask(StepBatch& step, uint64_t key) const {
  std::vector<Candidate> candidates;
  for (size_t number = 0; number < step.micro_batches.size(); ++number) {
    Batch& batch = step.micro_batches[number];
    batch.token_labels.assign(batch.tokens.ids.size(), kNoTokenLabel);
    for (size_t b = 0; b < batch.rows.size(); ++b)
      add_candidates(batch, static_cast<uint32_t>(number), b, key, candidates);
  }
  const double wanted = std::ceil(options_.mlm_mask_prop * static_cast<double>(step.token_count));
  take_first(candidates, static_cast<size_t>(wanted));
  for (const Candidate& chosen : candidates) {
    Batch& batch = step.micro_batches[chosen.batch];
    const auto& starts = batch.tokens.starts;
    const auto token = static_cast<int32_t>(chosen.token);
    const auto b = std::upper_bound(starts.begin(), starts.end(), token) - starts.begin() - 1;
    mask_token(batch, static_cast<size_t>(b), token, key);
  }
}

void TokenMasker::mask_last_sequence(Batch& batch, uint64_t key) const {
  batch.token_labels.resize(batch.tokens.ids.size(), kNoTokenLabel);
  const size_t b = batch.rows.size() - 1;
  std::vector<Candidate> candidates;
  add_candidates(batch, 0, b, key, candidates);
  const int32_t first = batch.tokens.starts[b], length = batch.tokens.starts[b + 1] - first;
  take_first(candidates, static_cast<size_t>(std::ceil(options_.mlm_mask_prop * length)));
  for (const Candidate& chosen : candidates) mask_token(batch, b, static_cast<int32_t>(chosen.token), key);
}

void MaskedRowSet::append(int64_t row, Batch& batch) const {
  rows_.append(row, batch);
  masker_.mask_last_sequence(batch, key_);
}

EachTokenMasked::EachTokenMasked(const RowSet& rows, int64_t count, int32_t mask_id) : rows_(rows), mask_id_(mask_id) {
  for (int64_t row = 0; row < std::min(count, rows.row_count()); ++row)
    for (int64_t token = 1; token + 1 < rows.token_count(row); ++token) places_.push_back({row, token});
}

void EachTokenMasked::append(int64_t row, Batch& batch) const {
  const auto first = batch.tokens.ids.size();
  rows_.append(places_[row].row, batch);
  batch.rows.back() = row;
  batch.token_labels.resize(batch.tokens.ids.size(), kNoTokenLabel);
  int32_t& id = batch.tokens.ids[first + places_[row].token];
  batch.token_labels[first + places_[row].token] = id;
  id = mask_id_;
}

void label_next_tokens(Batch& batch) {
  batch.token_labels.assign(batch.tokens.ids.size(), kNoTokenLabel);
  for (size_t b = 0; b < batch.rows.size(); ++b)
    for (int32_t token = batch.tokens.starts[b]; token + 1 < batch.tokens.starts[b + 1]; ++token)
      batch.token_labels[token] = batch.tokens.ids[token + 1];
}

}  // namespace retort::data
