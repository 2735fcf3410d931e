// See inspect.h. The path is the only argument that needs no flag.
#include "retort/cli/inspect.h"

#include <iostream>

#include "retort/cli/result.h"
#include "retort/recipe/inspect.h"
#include "retort/store/remote_paths.h"

namespace retort::cli {

int run_inspect(const std::vector<std::string>& arguments) {
  std::vector<std::string> flags = arguments;
  if (!flags.empty() && !flags.front().starts_with('-')) flags.insert(flags.begin(), "--path");
  recipe::InspectConfig config;
  FieldList list;
  config.fields(list);
  parse_flags(list, flags);
  const store::RemotePaths remote_paths(list);
  print_result(recipe::inspect(config, std::cout));
  return 0;
}

}  // namespace retort::cli
