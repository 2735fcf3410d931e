#include "retort/recipe/predict_qa.h"

#include <istream>
#include <utility>

#include "retort/base/error.h"
#include "retort/data/squad/squad_features_make.h"
#include "retort/data/squad/squad_set.h"
#include "retort/task/json_lines_input.h"
#include "retort/task/squad.h"
#include "retort/train/process_setup.h"
#include "retort/train/runtime_precision.h"

namespace retort::recipe {

struct QuestionAnswerer::State {
  PredictQaConfig config;
  pretrained::LoadedModel loaded;
};

QuestionAnswerer::QuestionAnswerer(const PredictQaConfig& config) : state_(std::make_unique<State>()) {
  train::set_up_process(config.inference);
  state_->config = config;
  state_->config.decoding.version_2_with_negative = config.features.version_2_with_negative;
  state_->loaded = pretrained::load_model(
      config.model,
      {.head = model::Head::kQuestionAnswering, .model = {.precision = train::precision_of(config.inference)}});
  config.features.check(state_->loaded.model->config().max_position_embeddings);
}

QuestionAnswerer::~QuestionAnswerer() = default;

std::vector<Json> QuestionAnswerer::answer(std::vector<Question> questions) const {
  data::SquadEvaluationSet set;
  for (Question& question : questions) {
    data::SquadExample example;
    example.id = std::to_string(set.data.examples.size());
    example.question = std::move(question.question);
    example.context_index = static_cast<int64_t>(set.data.contexts.size());
    set.data.contexts.push_back(std::move(question.context));
    set.data.examples.push_back(std::move(example));
  }
  const auto& [config, loaded] = *state_;
  set.features = std::make_shared<data::SquadFeatures>(
      data::make_squad_features(set.data, *loaded.tokenizer, config.features, false));
  const task::SquadEvaluation evaluation =
      task::predict_squad(*loaded.model, set, *loaded.tokenizer, config.decoding,
                          {.max_tokens_per_batch = config.inference.max_tokens_per_batch, .title = ""});
  std::vector<Json> answers;
  for (size_t i = 0; i < evaluation.predictions.size(); ++i) {
    const decode::LocatedAnswer located =
        decode::locate_answer(evaluation.predictions[i], set.data.context_of(set.data.examples[i]));
    answers.push_back(
        {{"answer", located.text}, {"score", located.score}, {"start", located.start}, {"end", located.end}});
  }
  return answers;
}

void predict_qa(const PredictQaConfig& config, std::istream& in, const task::OnResult& take) {
  const bool has_question = config.has_question || !config.question.empty();
  if (has_question != (config.has_context || !config.context.empty()))
    throw UserError("`--question` and `--context` must be given together, or neither of them");
  const QuestionAnswerer answerer(config);
  if (has_question) {
    take(answerer.answer({{config.question, config.context}}).front());
    return;
  }
  task::JsonLinesInput lines(in, "standard input");
  std::vector<QuestionAnswerer::Question> questions;
  task::answer_lines(
      lines,
      [&](const Json& line) {
        questions.push_back({lines.text_of(line, "question"), lines.text_of(line, "context")});
      },
      [&] { return answerer.answer(std::exchange(questions, {})); }, take);
}

}  // namespace retort::recipe
