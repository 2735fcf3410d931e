// Finds replacement candidates for the words of many texts: a masked language model gives those of words of one piece,
// in batches of masked copies of all texts; GloVe's nearest neighbors are those of words of several pieces.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "retort/augment/augment_variants.h"
#include "retort/augment/augment_words.h"
#include "retort/augment/glove_neighbors.h"
#include "retort/augment/masked_copies.h"
#include "retort/augment/shared_ids.h"
#include "retort/model/model.h"
#include "retort/text/tokenizer.h"

namespace retort::augment {

// Counts since construction.
struct CandidateCounts {
  int64_t words = 0;          // of the texts, replaceable or not
  int64_t candidates = 0;     // of all words
  int64_t masked_words = 0;   // words predicted by the model
  int64_t masked_copies = 0;  // input sequences of the model
  int64_t shared_words = 0;   // words whose candidates an identical chunk already has
  int64_t glove_words = 0;    // words of several pieces, in GloVe's vocabulary or not
  int64_t tokens = 0;         // input tokens of the model
};

class CandidateFinder {
 public:
  struct Options {
    int64_t count = 15;          // M
    int64_t words_per_copy = 1;  // words masked per copy; more than 1 is faster and gives slightly different candidates
    int64_t max_tokens_per_batch = 2048;
  };
  // Called by the worker threads, one call at a time, with the share of finished batches.
  using OnBatch = std::function<void(double share)>;
  // `model` needs a masked-LM head; model, tokenizer and neighbors must outlive this object.
  CandidateFinder(const model::Model& model, const text::Tokenizer& tokenizer, const GloveNeighbors& neighbors,
                  const Options& options);

  // Returns the maximum number of pieces of a chunk, which the model gets twice with its special tokens truncated.
  static int64_t max_chunk_pieces(const model::Model& model);

  // Returns the words that have candidates for each text, in the order of the words. Of the `count` most probable
  // pieces, those that begin with `##` are omitted. One thread computes each batch, so the result does not depend on
  // the number of threads. The ranks of a run share the batches out; all call it with the same texts. Throws
  // Interrupted after a signal to one of them.
  std::vector<std::vector<WordCandidates>> find(std::span<const AugmentText* const> texts, const OnBatch& on_batch);
  const CandidateCounts& counts() const { return counts_; }

 private:
  using Words = std::vector<std::string_view>;
  // Candidates of the words of one piece, in order; shared by all chunks with equal pieces and equal words.
  using Answers = std::shared_ptr<std::vector<Words>>;

  // The element that receives the candidates of one mask.
  struct Target {
    Answers answers;
    size_t index;
  };

  // Returns the answers of a chunk. For a new chunk, adds its masked copies and a target for each mask.
  Answers answers_of(const AugmentChunk& chunk, MaskedCopies& copies, std::vector<Target>& targets);
  std::vector<Words> predict_words(const MaskedCopies& copies, const OnBatch& on_batch);
  // Sets the pieces of the masks of a batch.
  void predict_batch(const MaskedCopies& copies, const data::Batch& batch, SharedIds& pieces) const;
  void run_own_batches(const MaskedCopies& copies, const OnBatch& on_batch, SharedIds& pieces);
  std::vector<int32_t> best_pieces(std::span<const float> scores) const;
  std::vector<WordCandidates> collect(const AugmentText& text, std::span<const Answers> answers);

  const model::Model& model_;
  const text::Tokenizer& tokenizer_;
  const GloveNeighbors& neighbors_;
  Options options_;
  std::vector<bool> is_continuation_;               // [vocabulary size] begins with ##
  std::unordered_map<std::string, Answers> known_;  // the key holds the bytes of pieces and mask positions
  CandidateCounts counts_;
};

}  // namespace retort::augment
