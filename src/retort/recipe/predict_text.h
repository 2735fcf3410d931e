// Classifies sentences or sentence pairs with a fine-tuned model.
//   retort predict text --model DIR --text "A fine film."
//   retort predict text --model DIR < sentences.jsonl
#pragma once

#include <iosfwd>
#include <string>

#include "retort/pretrained/inference_config.h"
#include "retort/pretrained/model_source.h"
#include "retort/task/json_lines_input.h"

namespace retort::recipe {

struct PredictTextConfig {
  pretrained::ModelSource model;
  std::string text, text_pair;
  bool has_text = false;  // given, possibly empty
  int64_t max_seq_length = 128;
  pretrained::InferenceConfig inference;

  void fields(FieldList& list) {
    model.fields(list);
    list.group("Input");
    list.add("text", text, {.help = "One sentence; without it, JSON lines are read from standard input."});
    list.add("text_pair", text_pair, {.help = "The second sentence, for sentence-pair tasks."});
    list.add("max_seq_length", max_seq_length,
             {.help = "Tokens per sequence; longer texts are truncated.", .unit = "tokens", .min = 3});
    inference.fields(list);
  }
};

// With `text`: one {"label", "score", "scores"}. Else reads objects with "text" (and "text_pair") from `in` and returns
// each with these fields added. A model with one output returns {"value"}, a regression with several outputs
// {"values"}; if config.json names a multi-label problem, each label has its own score (sigmoid). Throws
// DivergenceError for NaN.
void predict_text(const PredictTextConfig& config, std::istream& in, const task::OnResult& take);

}  // namespace retort::recipe
