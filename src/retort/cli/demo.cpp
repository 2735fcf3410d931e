#include "retort/cli/demo.h"

#include <iostream>

#include "retort/cli/result.h"
#include "retort/recipe/demo.h"

namespace retort::cli {

int run_demo(const std::vector<std::string>& arguments) {
  recipe::DemoConfig config;
  FieldList list;
  config.fields(list);
  parse_flags(list, arguments);
  print_result(recipe::demo(config, [](const std::string& line) { std::cout << line << "\n"; }));
  return 0;
}

}  // namespace retort::cli
