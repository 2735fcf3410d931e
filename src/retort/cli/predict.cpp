#include "retort/cli/predict.h"

#include <unistd.h>

#include <iostream>

#include "retort/cli/result.h"
#include "retort/recipe/predict_qa.h"
#include "retort/recipe/predict_text.h"

namespace retort::cli {

namespace {

template <typename Config>
Config parse(const std::vector<std::string>& arguments) {
  Config config;
  FieldList list;
  config.fields(list);
  parse_flags(list, arguments);
  return config;
}

// A person at a terminal: one text, then questions about it until an empty line.
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
  const auto config = parse<recipe::PredictQaConfig>(arguments);
  if (config.question.empty() && config.context.empty() && isatty(STDIN_FILENO))
    ask_on_terminal(config);
  else
    recipe::predict_qa(config, std::cin, print_result);
  return 0;
}

int run_predict_text(const std::vector<std::string>& arguments) {
  recipe::predict_text(parse<recipe::PredictTextConfig>(arguments), std::cin, print_result);
  return 0;
}

}  // namespace retort::cli
