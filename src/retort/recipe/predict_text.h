// Labels sentences, or pairs of them, with a fine-tuned model.
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
  bool has_text = false;  // given, be it empty
  int64_t max_seq_length = 128;
  pretrained::InferenceConfig inference;

  void fields(FieldList& list) {
    model.fields(list);
    list.group("Input");
    list.add("text", text, {.help = "One sentence; without it, JSON lines are read from standard input."});
    list.add("text_pair", text_pair, {.help = "Its partner, for tasks on pairs."});
    list.add("max_seq_length", max_seq_length,
             {.help = "Tokens of a sequence; longer texts lose their ends.", .unit = "tokens", .min = 3});
    inference.fields(list);
  }
};

// With `text`: one {"label", "score", "scores"}. Otherwise reads objects with "text" (and "text_pair") from `in` and
// gives each back with these fields added. A model with one output gives {"value"}, one of several for regression
// {"values"}; where config.json says that several labels may be right at once, each has a score of its own (sigmoid).
// Throws DivergenceError when the model gives what is no number.
void predict_text(const PredictTextConfig& config, std::istream& in, const task::TakeResult& take);

}  // namespace retort::recipe
