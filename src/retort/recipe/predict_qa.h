// Answers questions with a fine-tuned model.
//   retort predict qa --model DIR --question Q --context C
//   retort predict qa --model DIR < questions.jsonl
// Long contexts are read in overlapping windows.
#pragma once

#include <iosfwd>
#include <memory>

#include "retort/data/squad_features.h"
#include "retort/decode/squad_answers.h"
#include "retort/recipe/inference_config.h"
#include "retort/recipe/json_lines_input.h"
#include "retort/recipe/model_source.h"

namespace retort::recipe {

struct PredictQaConfig {
  ModelSource model;
  std::string question, context;
  bool has_question = false, has_context = false;  // given, be they empty
  data::SquadFeatureOptions features;
  decode::SquadDecodeOptions decoding;
  InferenceConfig inference;

  void fields(FieldList& list);
};

// A model that is loaded once and answers many questions. Not for several threads at once.
class QuestionAnswerer {
 public:
  explicit QuestionAnswerer(const PredictQaConfig& config);
  ~QuestionAnswerer();

  struct Question {
    std::string question, context;
  };
  // {"answer", "score", "start", "end"} of each question, in their order; places in code points of the context. No
  // answer is "", 0, 0; where the context has no words, with the score 0.
  std::vector<Json> answer(std::vector<Question> questions) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// With `question` and `context`: their one answer. Otherwise reads objects with "question" and "context" from `in` and
// gives each back with the four fields added, in the order of the input.
void predict_qa(const PredictQaConfig& config, std::istream& in, const TakeResult& take);

}  // namespace retort::recipe
