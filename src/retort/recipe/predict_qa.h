// Answers questions with a fine-tuned model.
//   retort predict qa --model DIR --question Q --context C
//   retort predict qa --model DIR < questions.jsonl
// Long contexts are read in overlapping windows.
#pragma once

#include <iosfwd>
#include <memory>

#include "retort/data/squad/squad_features.h"
#include "retort/decode/squad_answers.h"
#include "retort/pretrained/inference_config.h"
#include "retort/pretrained/model_source.h"
#include "retort/task/json_lines_input.h"

namespace retort::recipe {

struct PredictQaConfig {
  pretrained::ModelSource model;
  std::string question, context;
  bool has_question = false, has_context = false;  // given, possibly empty
  data::SquadFeatureOptions features;
  decode::SquadDecodeOptions decoding;
  pretrained::InferenceConfig inference;

  void fields(FieldList& list) {
    model.fields(list);
    list.group("Input");
    list.add("question", question, {.help = "One question; without it, JSON lines are read from standard input."});
    list.add("context", context, {.help = "The text that contains the answer."});
    features.fields(list);
    list.group("Decoding");
    decoding.fields(list);
    inference.fields(list);
  }
};

// A model that is loaded once and answers many questions. Not thread-safe.
class QuestionAnswerer {
 public:
  explicit QuestionAnswerer(const PredictQaConfig& config);
  ~QuestionAnswerer();

  struct Question {
    std::string question, context;
  };
  // Returns {"answer", "score", "start", "end"} for each question, in order; start and end are code points of the
  // context. No answer is "", 0, 0; for a context without words its score is 0.
  std::vector<Json> answer(std::vector<Question> questions) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// With `question` and `context`: answers only this question. Else reads objects with "question" and "context" from `in`
// and returns each with the four fields added, in the order of the input.
void predict_qa(const PredictQaConfig& config, std::istream& in, const task::OnResult& take);

}  // namespace retort::recipe
