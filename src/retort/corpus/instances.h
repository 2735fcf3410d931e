// Documents of token ids -> pairs of segments with masked tokens: the examples of BERT's pre-training (masked language
// model and next sentence; Devlin et al. 2019, the published create_pretraining_data.py). Every draw follows from
// (seed, document, epoch) by counters (base/random.h), so documents can be taken in any order, by any number of
// threads, ahead of training or during it.
//
// A plan says which tokens an instance is of (a few numbers; the tokens stay where they are); an instance is made of it
// when it is needed.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "retort/base/fields.h"
#include "retort/base/json.h"
#include "retort/text/tokenizer.h"

namespace retort::corpus {

// Views of documents that live elsewhere: D documents of S sentences of T tokens.
struct Documents {
  std::span<const int32_t> tokens;           // [T]
  std::span<const int64_t> sentence_starts;  // [S + 1], in tokens
  std::span<const int64_t> document_starts;  // [D + 1], in sentences

  int64_t document_count() const { return static_cast<int64_t>(document_starts.size()) - 1; }
};

// Documents in memory, appended sentence by sentence. Sentences and documents without tokens are passed over.
class DocumentStore {
 public:
  void add_sentence(std::span<const int32_t> ids);
  void end_document();
  // Leaves the documents out whose number is not chosen.
  void keep_documents(const std::function<bool(int64_t document)>& is_chosen);
  Documents view() const { return {tokens_, sentence_starts_, document_starts_}; }

 private:
  std::vector<int32_t> tokens_;
  std::vector<int64_t> sentence_starts_{0}, document_starts_{0};
};

struct InstanceOptions {
  int64_t max_seq_length = 128;  // with [CLS] and two [SEP]
  int64_t max_predictions_per_seq = 20;
  double masked_lm_prob = 0.15;
  double short_seq_prob = 0.1;  // share of the documents that are cut to a random shorter length
  int64_t random_seed = 12345;
  bool whole_word_masking = false;  // all pieces of a word or none

  void fields(FieldList& list);
};

// What instances need to know of the vocabulary.
struct InstanceVocabulary {
  int32_t size = 0;  // replacements are drawn from all of 0..size-1
  int32_t cls_id = 0, sep_id = 0, mask_id = 0;
  std::vector<char> is_continuation;  // [size], for whole words: the piece goes on with a word (##)
};

InstanceVocabulary instance_vocabulary(const text::Tokenizer& tokenizer);

struct TokenRange {
  int64_t begin = 0, end = 0;  // in Documents::tokens
  int64_t token_count() const { return end - begin; }
  bool operator==(const TokenRange&) const = default;
};

struct InstancePlan {
  TokenRange first, second;
  bool is_random_next = false;
  uint64_t key = 0;  // of the draws of its masks
  bool operator==(const InstancePlan&) const = default;
};

// Appends the plans of one document: one epoch of it, that is one of its `dupe_factor` repetitions.
void append_plans(const Documents& documents, int64_t document, int64_t epoch, const InstanceOptions& options,
                  std::vector<InstancePlan>& plans);

// The plans of `epochs` epochs of all documents, by epochs and documents; computed in parallel.
std::vector<InstancePlan> make_plans(const Documents& documents, int64_t epochs, const InstanceOptions& options);

// What was drawn, for statistics.
struct MaskCounts {
  int64_t to_mask = 0, kept = 0, replaced = 0;
  int64_t masked() const { return to_mask + kept + replaced; }
};

struct Instance {
  std::vector<int32_t> ids;               // [S]: [CLS] first [SEP] second [SEP], some of them masked
  int64_t first_count = 0;                // ids of segment 0: through the first [SEP]
  std::vector<int32_t> masked_positions;  // [M], increasing
  std::vector<int32_t> masked_ids;        // [M], what stood there
  bool is_random_next = false;
  MaskCounts counts;
};

// Tokens of the instance of a plan.
inline int64_t length_of(const InstancePlan& plan) { return plan.first.token_count() + plan.second.token_count() + 3; }

// Puts the pair of a plan into `out`, whose room is used again; nothing is masked.
void make_pair(const Documents& documents, const InstancePlan& plan, const InstanceVocabulary& vocabulary,
               Instance& out);
// Chooses and hides tokens of a pair; the draws follow from `key`.
void mask_pair(const InstanceOptions& options, const InstanceVocabulary& vocabulary, uint64_t key, Instance& instance);
// Both: makes the instance of a plan.
void make_instance(const Documents& documents, const InstancePlan& plan, const InstanceOptions& options,
                   const InstanceVocabulary& vocabulary, Instance& out);

// Number of tokens that are masked of so many, the special ones included: min(most, max(1, round(share * count))),
// halves to the even number.
int64_t count_masked(int64_t token_count, double share, int64_t most);

// Sums over instances.
struct InstanceTotals {
  int64_t instances = 0, tokens = 0, random_next = 0;
  MaskCounts counts;

  void add(const Instance& instance);
  void add(const InstanceTotals& other);
  // {"instances", "tokens", "mean_length", "masked_share", "mask_share", "keep_share", "random_share",
  // "random_next_share"}: masked tokens in all tokens, of these those that are [MASK], kept, drawn from the vocabulary,
  // and the random pairs in all instances.
  Json to_json() const;
  // The sums alone, and back.
  Json counts_to_json() const;
  static InstanceTotals from_counts(const Json& json);
};

}  // namespace retort::corpus
