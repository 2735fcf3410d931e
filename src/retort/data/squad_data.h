// SQuAD as it stands in memory: contexts once per paragraph, questions that point into them, and what was left out.
// Made by squad_reader.h; becomes features in squad_features.h; its answers are what metric/squad_score.h scores by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
};

// Records that were left out, by reason, with the first few messages in full.
struct SkippedRecords {
  struct Reason {
    std::string name;  // "answer not found", "empty context", ...
    int64_t count = 0;
  };
  static constexpr size_t kMessagesKept = 5;
  int64_t count = 0;
  std::vector<Reason> reasons;
  std::vector<std::string> messages;

  void add(std::string_view reason, std::string message);
  // "3 records were left out (2 answer not found, 1 empty context)"; empty when there were none.
  std::string summary() const;
};

struct SquadData {
  std::vector<std::string> contexts;  // UTF-8
  std::vector<SquadExample> examples;
  SkippedRecords skipped;

  const std::string& context_of(const SquadExample& example) const {
    return contexts[static_cast<size_t>(example.context_index)];
  }
  bool has_impossible() const;
};

// Keeps a random sample of `count` questions, in their order; all of them when count < 0 or not below their number.
void keep_random_examples(SquadData& data, int64_t count, uint64_t seed);

}  // namespace retort::data
