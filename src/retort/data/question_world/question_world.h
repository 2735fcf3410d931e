// Generates a small question-answering data set from a seed, for `retort demo`. Input: seed and counts; output: a SQuAD
// v1.1 object. Each passage describes several entities of one kind (towns, ships, paintings, ...) by the same
// attributes, so neither the kind of the answer nor words shared with the question suffice: the model must connect the
// entity with its sentences, sometimes through "it" or "the town".
#pragma once

#include <cstdint>

#include "retort/base/json.h"

namespace retort::data {

// The two splits share sentence and question patterns, but no person, town, ship or river, whatever the seeds.
enum class WorldSplit { kTrain, kDev };

struct QuestionWorldOptions {
  uint64_t seed = 42;
  WorldSplit split = WorldSplit::kTrain;
  int64_t passages = 500;
  int64_t questions_per_passage = 4;  // at most 6, the number of facts in the smallest passage
};

// Returns {"version", "data": [{"title", "paragraphs": [{"context", "qas": [{"id", "question", "answers"}]}]}]}; each
// question has one answer, `answer_start` counts code points, ids are unique within and between the splits. Equal
// options give equal objects on every machine. About 2 % of the passages are longer than one window of 384 tokens. Zero
// passages give an empty list of articles. Throws UserError when a count is out of range.
Json make_question_world(const QuestionWorldOptions& options);

}  // namespace retort::data
