// See dispatch.h.
#include "retort/cli/dispatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "retort/base/error.h"
#include "retort/base/fields_text.h"
#include "retort/cli/commands.h"
#include "retort/cli/compat.h"
#include "retort/cli/help_json.h"
#include "retort/cli/late_module.h"
#include "retort/cli/launch.h"

namespace retort::cli {
namespace {

constexpr size_t kMaxNameWords = 3;

bool is_help(const std::string& word) { return word == "--help" || word == "-h"; }

std::string first_words(const std::vector<std::string>& words, size_t count) {
  return fmt::format("{}", fmt::join(words.begin(), words.begin() + static_cast<ptrdiff_t>(count), " "));
}

// The number of leading words that can be part of a name: those before the first flag.
size_t count_name_words(const std::vector<std::string>& words) {
  size_t count = 0;
  while (count < std::min(words.size(), kMaxNameWords) && !words[count].starts_with('-')) ++count;
  return count;
}

size_t word_count(std::string_view name) { return 1 + static_cast<size_t>(std::count(name.begin(), name.end(), ' ')); }

bool shares_first_word(const Command& command, std::string_view word) {
  return std::string_view(command.name).starts_with(fmt::format("{} ", word));
}

// The remaining words of each name that begins with `word`: "squad, glue" for "finetune".
std::vector<std::string> continuations(const std::string& word) {
  std::vector<std::string> rests;
  for (const Command& command : commands())
    if (!command.hidden && shares_first_word(command, word)) rests.emplace_back(command.name + word.size() + 1);
  return rests;
}

[[noreturn]] void throw_unknown(const std::vector<std::string>& words) {
  if (const auto rests = continuations(words[0]); !rests.empty()) {
    throw UserError("`retort {}` must be followed by one of {}, but is not; see `retort {} --help`", words[0],
                    fmt::join(rests, ", "), words[0]);
  }
  std::vector<std::string> names;
  for (const Command& command : commands())
    if (!command.hidden) names.emplace_back(command.name);
  for (size_t count = std::max<size_t>(count_name_words(words), 1); count > 0; --count) {
    const std::string near = nearest_name(first_words(words, count), names);
    if (!near.empty()) throw UserError("unknown command `{}`, did you mean `{}`?", first_words(words, count), near);
  }
  throw UserError("unknown command `{}`; `retort --help` lists all", words[0]);
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// `retort help --json`, `retort help finetune squad --json`.
int show_json(std::vector<std::string> words) {
  std::erase(words, "--json");
  const Command* const command = words.empty() ? nullptr : find_command(words);
  if (!words.empty() && command == nullptr) throw_unknown(words);
  return print((command == nullptr ? commands_json() : command_json(*command)).dump() + "\n"), 0;
}

// `retort help`, `retort help finetune squad`, `retort finetune --help`.
int show_help(const std::vector<std::string>& words) {
  if (words.empty()) return print(overview_text()), 0;
  if (words == std::vector<std::string>{"compat"}) return print(compat_help()), 0;
  if (const Command* const command = find_command(words)) return print(command_help(*command)), 0;
  if (count_name_words(words) != 1 || continuations(words[0]).empty()) throw_unknown(words);
  return print(overview_text(words[0])), 0;
}

int dispatch_compat(const std::vector<std::string>& arguments) {
  const bool asks_for_help = arguments.empty() || is_help(arguments[0]);
  if (!asks_for_help) return run_compat(arguments);
  return print(compat_help()), 0;
}

}  // namespace

const Command* find_command(const std::vector<std::string>& words) {
  for (size_t count = count_name_words(words); count > 0; --count) {
    const std::string name = first_words(words, count);
    for (const Command& command : commands())
      if (command.name == name) return &command;
  }
  return nullptr;
}

std::string overview_text(std::string_view first_word) {
  std::string text =
      "retort: pre-train, fine-tune, distill and evaluate encoders of the BERT family\n\nusage: retort <command> "
      "[--flag value ...]\n";
  std::string group;
  for (const Command& command : commands()) {
    if (command.hidden || (!first_word.empty() && !shares_first_word(command, first_word))) continue;
    if (group != command.group) text += fmt::format("\n{}\n", group = command.group);
    text += fmt::format("  {:<22} {}\n", command.name, command.summary);
  }
  return text + "\n`retort <command> --help` lists the flags of a command.\n";
}

std::string command_help(const Command& command) {
  FieldList list;
  if (command.describe != nullptr) command.describe(list);
  std::string text = fmt::format("retort {}: {}\n", command.name, command.summary);
  if (list.all().empty()) return text;
  return text + fmt::format(
                    "\nusage: retort {} [--config FILE] [--flag value ...]\n"
                    "`--config` names a JSON file of settings; flags on the command line override it.\n\n{}",
                    command.name, fields_help(list));
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::fputs(overview_text().c_str(), stderr);
    throw UserError("`retort` must be followed by a command, but is not");
  }
  if (words[0] == "--version") return print(fmt::format("retort {}\n", version_text())), 0;
  std::vector<std::string> plain_words;
  std::remove_copy_if(words.begin(), words.end(), std::back_inserter(plain_words), is_help);
  if (words[0] == "help" && words.back() == "--json") return show_json({plain_words.begin() + 1, plain_words.end()});
  if (words[0] == "help") return show_help({plain_words.begin() + 1, plain_words.end()});
  // The words after `compat` are the command line of another program, and so is their `-h`.
  if (words[0] == "compat") return dispatch_compat({words.begin() + 1, words.end()});
  // A command follows, whose `-h` is its own.
  if (words[0] == "launch" && words.size() > 1 && !is_help(words[1]))
    return run_launch({words.begin() + 1, words.end()});
  if (plain_words.size() < words.size()) return show_help(plain_words);

  const Command* const command = find_command(words);
  if (command == nullptr) throw_unknown(words);
  const auto body = command->run != nullptr ? command->run : load_late_command(*command->module, command->name);
  return body({words.begin() + static_cast<ptrdiff_t>(word_count(command->name)), words.end()});
}

}  // namespace retort::cli
