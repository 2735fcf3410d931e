// Candidates for the words of many texts at once: words of one piece by a masked language model, whose batches hold the
// masked copies of all texts together, and words of several pieces by their neighbors in GloVe.
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
#include "retort/model/model.h"
#include "retort/text/tokenizer.h"

namespace retort::augment {

// What was done so far.
struct CandidateCounts {
  int64_t words = 0;          // of the texts, replaceable or not
  int64_t candidates = 0;     // found for words, by either way
  int64_t masked_words = 0;   // asked about by the model
  int64_t masked_copies = 0;  // sequences through the model
  int64_t shared_words = 0;   // answered by the copy of an identical text
  int64_t glove_words = 0;    // words of several pieces, known to GloVe or not
  int64_t tokens = 0;         // through the model
};

class CandidateFinder {
 public:
  struct Options {
    int64_t count = 15;          // M
    int64_t words_per_copy = 1;  // masked together; more than 1 is faster and not quite the same
    int64_t max_tokens_per_batch = 2048;
  };
  // Called from the threads, one at a time, with the share of the batches that are done; what it throws ends the work.
  using OnBatch = std::function<void(double share)>;
  // A model with a masked-LM head and its tokenizer; all three must outlive this object.
  CandidateFinder(const model::Model& model, const text::Tokenizer& tokenizer, const GloveNeighbors& neighbors,
                  const Options& options);

  // Pieces of a chunk that the model takes twice with its special tokens cut off.
  static int64_t max_chunk_pieces(const model::Model& model);

  // For each text its words with candidates, in the order of the words. Of the `count` most probable pieces those that
  // begin with `##` are left out. Batches run side by side, each in one thread, so that the result is the same for any
  // number of threads.
  std::vector<std::vector<WordCandidates>> find(std::span<const AugmentText* const> texts, const OnBatch& on_batch);
  const CandidateCounts& counts() const { return counts_; }

 private:
  using Words = std::vector<std::string_view>;
  // Candidates of the words of one piece, in their order, of all chunks with these pieces and these words.
  using Answers = std::shared_ptr<std::vector<Words>>;

  // Where the candidates of one mask belong.
  struct Target {
    Answers answers;
    size_t index;
  };

  // The answers of a chunk, known or to be filled: then its masked copies are added, with a target for each mask.
  Answers answers_of(const AugmentChunk& chunk, MaskedCopies& copies, std::vector<Target>& targets);
  std::vector<Words> ask_model(const MaskedCopies& copies, const OnBatch& on_batch);
  Words best_pieces(std::span<const float> scores) const;
  std::vector<WordCandidates> collect(const AugmentText& text, std::span<const Answers> answers);

  const model::Model& model_;
  const text::Tokenizer& tokenizer_;
  const GloveNeighbors& neighbors_;
  Options options_;
  std::vector<bool> is_continuation_;               // by id: begins with ##
  std::unordered_map<std::string, Answers> known_;  // by the bytes of pieces and places
  CandidateCounts counts_;
};

}  // namespace retort::augment
