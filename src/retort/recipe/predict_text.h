// Labels sentences, or pairs of them, with a fine-tuned model.
//   retort predict text --model DIR --text "A fine film."
//   retort predict text --model DIR < sentences.jsonl
#pragma once

#include <iosfwd>
#include <string>

#include "retort/recipe/inference_config.h"
#include "retort/recipe/json_lines_input.h"
#include "retort/recipe/model_source.h"

namespace retort::recipe {

struct PredictTextConfig {
  ModelSource model;
  std::string text, text_pair;
  bool has_text = false;  // given, be it empty
  int64_t max_seq_length = 128;
  InferenceConfig inference;

  void fields(FieldList& list);
};

// With `text`: one {"label", "score", "scores"}. Otherwise reads objects with "text" (and "text_pair") from `in` and
// gives each back with these fields added. A model with one output gives {"value"}, one of several for regression
// {"values"}; where config.json says that several labels may be right at once, each has a score of its own (sigmoid).
// Throws DivergenceError when the model gives what is no number.
void predict_text(const PredictTextConfig& config, std::istream& in, const TakeResult& take);

}  // namespace retort::recipe
