// SQuAD as it stands in memory: contexts once per paragraph, questions that point into them, and what was left out.
// Made by squad_reader.h; becomes features in squad_features.h; its answers are what metric/squad_score.h scores by.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "retort/data/bad_records.h"
#include "retort/text/tokenizer.h"

namespace retort::data {

struct SquadAnswer {
  std::string text;
  int64_t start = -1;         // code points before it in the context, as the file says; -1 when the file is silent
  text::Range context_bytes;  // the bytes of the context it covers; set for the first answer of training questions
};

struct SquadExample {
  std::string id, question;
  int64_t context_index = 0;         // into SquadData::contexts
  std::vector<SquadAnswer> answers;  // empty when the question is impossible
  bool is_impossible = false;
  bool is_unanswered = false;  // no answer is known: the file neither holds one nor says that there is none
};

struct SquadData {
  std::vector<std::string> contexts;  // UTF-8
  std::vector<SquadExample> examples;
  SkippedRecords skipped;

  const std::string& context_of(const SquadExample& example) const {
    return contexts[static_cast<size_t>(example.context_index)];
  }
  bool has_impossible() const;
  // Whether any question has an answer, or is said to have none: what the official scorers need.
  bool has_answers() const;
};

// Keeps a random sample of `count` questions, in their order; all of them when count < 0 or not below their number.
void keep_random_examples(SquadData& data, int64_t count, uint64_t seed);

}  // namespace retort::data
