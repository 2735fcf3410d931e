#include "retort/cli/predict.h"

#include <unistd.h>

#include <iostream>

#include "retort/cli/result.h"
#include "retort/recipe/predict_qa.h"
#include "retort/recipe/predict_text.h"
#include "retort/store/remote_paths.h"

namespace retort::cli {

namespace {

recipe::PredictQaConfig parse_qa(const std::vector<std::string>& arguments) {
  recipe::PredictQaConfig config;
  FieldList list;
  config.fields(list);
  parse_flags(list, arguments);
  const store::RemotePaths remote_paths(list);
  config.has_question = list.find("question")->was_set, config.has_context = list.find("context")->was_set;
  return config;
}

recipe::PredictTextConfig parse_text(const std::vector<std::string>& arguments) {
  recipe::PredictTextConfig config;
  FieldList list;
  config.fields(list);
  parse_flags(list, arguments);
  const store::RemotePaths remote_paths(list);
  config.has_text = list.find("text")->was_set;
  return config;
}

// Interactive mode on a terminal: one context, then questions about it until an empty line.
void ask_on_terminal(const recipe::PredictQaConfig& config) {
  const recipe::QuestionAnswerer answerer(config);
  std::string context, question;
  while (std::cerr << "text> " && std::getline(std::cin, context) && !context.empty())
    while (std::cerr << "question> " && std::getline(std::cin, question) && !question.empty())
      print_result(answerer.answer({{question, context}}).front());
  std::cerr << "\n";
}

}  // namespace

int run_predict_qa(const std::vector<std::string>& arguments) {
  const auto config = parse_qa(arguments);
  if (!config.has_question && !config.has_context && isatty(STDIN_FILENO))
    ask_on_terminal(config);
  else
    recipe::predict_qa(config, std::cin, print_result);
  return 0;
}

int run_predict_text(const std::vector<std::string>& arguments) {
  recipe::predict_text(parse_text(arguments), std::cin, print_result);
  return 0;
}

}  // namespace retort::cli
