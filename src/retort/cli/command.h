// An entry of the command table. Each command has one file in this folder: it fills a configuration struct from the
// command-line arguments, calls a recipe and prints the result. The table in commands.cpp lists it.
#pragma once

#include <string>
#include <vector>

#include "retort/base/fields.h"
#include "retort/cli/late_module.h"
#include "retort/cli/result.h"
#include "retort/store/remote_paths.h"

namespace retort::cli {

struct Command {
  const char* name;     // one to three words: "finetune squad"
  const char* group;    // section of `retort --help`
  const char* summary;  // one line: inputs -> outputs
  // Takes the arguments after the name and returns the exit code. Null when the command is in `module`.
  int (*run)(const std::vector<std::string>& arguments) = nullptr;
  void (*describe)(FieldList& list) = nullptr;  // lists the flags; null when the command has none
  bool hidden = false;                          // for maintainers: works, but help and reference omit it
  const LateModule* module = &kTensorModule;    // where the function is when `run` is null
};

// For Command::describe: the fields of a configuration with their default values, valid until the next call.
template <typename Config>
void describe_config(FieldList& list) {
  static Config config;
  config = Config{};
  config.fields(list);
}

// Whether this is the process of rank 0, which alone writes the outputs of a run.
bool is_first_process();

// For Command::run: parses the flags, calls `kRun(configuration)` and prints its result as the last line.
template <typename Config, Json (*kRun)(const Config&)>
int run_with_config(const std::vector<std::string>& arguments) {
  Config config;
  FieldList list;
  config.fields(list);
  parse_flags(list, arguments);
  store::RemotePaths remote_paths(list, is_first_process);
  if constexpr (requires { config.after_parsing(list); }) config.after_parsing(list);  // defaults that depend on flags
  if constexpr (requires { config.training.use_optimizer_defaults(list); })
    config.training.use_optimizer_defaults(list);
  const Json result = kRun(config);
  remote_paths.finish();
  if (!result.is_null()) print_result(result);  // only rank 0 has a result
  return 0;
}

}  // namespace retort::cli
