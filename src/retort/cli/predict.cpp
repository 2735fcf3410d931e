#include "retort/cli/predict.h"

#include <iostream>

#include "retort/cli/result.h"
#include "retort/recipe/predict.h"

namespace retort::cli {

namespace {

// Flags -> configuration -> every result as a line, as soon as it is there.
template <typename Config>
int run(const std::vector<std::string>& arguments, void (*predict)(const Config&, std::istream&, const recipe::TakeResult&)) {
  Config config;
  FieldList list;
  config.fields(list);
  parse_flags(list, arguments);
  predict(config, std::cin, print_result);
  return 0;
}

}  // namespace

int run_predict_qa(const std::vector<std::string>& arguments) { return run(arguments, recipe::predict_qa); }
int run_predict_text(const std::vector<std::string>& arguments) { return run(arguments, recipe::predict_text); }

}  // namespace retort::cli
