// Answers questions and labels sentences with a fine-tuned model.
//   retort predict qa --model DIR --question Q --context C
//   retort predict qa --model DIR < questions.jsonl
//   retort predict text --model DIR < sentences.jsonl
// Long contexts are read in overlapping windows. Results go to standard output, one JSON object a line, in the order of
// the input.
#pragma once

#include <functional>
#include <iosfwd>

#include "retort/data/squad_features.h"
#include "retort/decode/squad_answers.h"
#include "retort/recipe/inference_config.h"
#include "retort/recipe/model_source.h"

namespace retort::recipe {

// Takes one result; the command prints it.
using TakeResult = std::function<void(const Json&)>;

struct PredictQaConfig {
  ModelSource model;
  std::string question, context;
  data::SquadFeatureOptions features;
  decode::SquadDecodeOptions decoding;
  InferenceConfig inference;

  void fields(FieldList& list);
};

// With `question` and `context`: one {"answer", "score", "start", "end"} (code points). Otherwise reads objects with
// "question" and "context" from `in` and gives each back with these four fields added.
void predict_qa(const PredictQaConfig& config, std::istream& in, const TakeResult& take);

struct PredictTextConfig {
  ModelSource model;
  std::string text, text_pair;
  int64_t max_seq_length = 128;
  InferenceConfig inference;

  void fields(FieldList& list);
};

// With `text`: one {"label", "score", "scores"}. Otherwise reads objects with "text" (and "text_pair") from `in` and
// gives each back with these fields added. A model with one output gives {"value"}.
void predict_text(const PredictTextConfig& config, std::istream& in, const TakeResult& take);

}  // namespace retort::recipe
