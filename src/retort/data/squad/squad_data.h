// SQuAD in memory: each context once, questions with the index of their context, and the counts of skipped records.
// squad_reader.h makes it, squad_features.h converts it to features, and metric/squad_score.h scores with its answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "retort/data/bad_records.h"
#include "retort/text/tokenizer.h"

namespace retort::data {

struct SquadAnswer {
  std::string text;
  int64_t start = -1;         // code points before it in the context, as in the file; -1 without a start
  text::Range context_bytes;  // its bytes in the context; set for the first answer of training questions
};

struct SquadExample {
  std::string id, question;
  int64_t context_index = 0;         // into SquadData::contexts
  std::vector<SquadAnswer> answers;  // empty when the question is impossible
  bool is_impossible = false;
  bool is_unanswered = false;  // no answer is known: the file has no answer and does not say that there is none
};

struct SquadData {
  std::vector<std::string> contexts;  // UTF-8
  std::vector<SquadExample> examples;
  SkippedRecords skipped;

  const std::string& context_of(const SquadExample& example) const {
    return contexts[static_cast<size_t>(example.context_index)];
  }
  bool has_impossible() const;
  // Returns whether any question has an answer or is marked as impossible, which the official scorers need.
  bool has_answers() const;
};

// Keeps a random sample of `count` questions, in order; all questions when count < 0 or not below their number.
void keep_random_examples(SquadData& data, int64_t count, uint64_t seed);

}  // namespace retort::data
