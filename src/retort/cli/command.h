// One row of the table of commands. A command is one file in this folder: it fills a configuration struct from the
// words that follow its name, calls a recipe and prints the result; the table in commands.cpp lists it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "retort/base/fields.h"
#include "retort/cli/result.h"

namespace retort::cli {

struct Command {
  const char* name;     // the one to three words that call it: "finetune squad"
  const char* group;    // its section in `retort --help`
  const char* summary;  // one line, what is read -> what is written
  // Gets the words behind the name; answers the exit code. Null where the body lies in the module for tensors.
  int (*run)(const std::vector<std::string>& arguments) = nullptr;
  void (*describe)(FieldList& list) = nullptr;  // lists the flags; null when there are none
  bool hidden = false;                          // works, but is in no list: for maintainers
};

// The version of this program, "0.1.0".
const char* version_text();

// Every command, in the order in which help and reference show them.
std::span<const Command> commands();

// For Command::describe: the fields of a configuration with its default values, which live until the next call.
template <typename Config>
void describe_config(FieldList& list) {
  static Config config;
  config = Config{};
  config.fields(list);
}

// For Command::run: flags -> configuration -> `kRun(configuration)` -> the result as the last line.
template <typename Config, Json (*kRun)(const Config&)>
int run_with_config(const std::vector<std::string>& arguments) {
  Config config;
  FieldList list;
  config.fields(list);
  parse_flags(list, arguments);
  const Json result = kRun(config);
  if (!result.is_null()) print_result(result);  // only the main process of a run has one
  return 0;
}

}  // namespace retort::cli
