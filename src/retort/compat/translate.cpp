#include "retort/compat/translate.h"

#include <algorithm>
#include <map>
#include <optional>

#include "retort/base/error.h"
#include "retort/base/fields_text.h"
#include "retort/compat/launcher.h"
#include "retort/compat/program.h"

namespace retort::compat {

namespace {

using Words = std::vector<std::string>;

std::vector<const Program*> programs_named(const std::string& name) {
  std::vector<const Program*> found;
  for (const Program& program : programs())
    if (std::find(program.names.begin(), program.names.end(), name) != program.names.end()) found.push_back(&program);
  if (!found.empty()) return found;
  const std::string near = nearest_name(name, program_names());
  throw UserError(
      "`{}` must be one of the published programs, but is not{}", name,
      near.empty() ? fmt::format(": {}", fmt::join(program_names(), ", ")) : fmt::format("; did you mean `{}`?", near));
}

// Returns the programs whose verb is the first argument, and removes that argument.
std::vector<const Program*> with_verb(const std::vector<const Program*>& programs, LaunchedLine& line) {
  if (programs.front()->verb.empty()) return programs;
  std::vector<const Program*> found;
  Words verbs;
  for (const Program* const program : programs) {
    verbs.push_back(program->verb);
    if (!line.arguments.empty() && line.arguments.front() == program->verb) found.push_back(program);
  }
  if (found.empty())
    throw UserError("`{}` must be followed by {}, but {}", line.program, fmt::join(verbs, " or "),
                    line.arguments.empty() ? "stands alone" : fmt::format("is by `{}`", line.arguments.front()));
  line.arguments.erase(line.arguments.begin());
  return found;
}

std::string title(const LaunchedLine& line, const Program& program) {
  return fmt::format("{} {}{}{}", program.whose, line.program, program.verb.empty() ? "" : " ", program.verb);
}

// Collects the options of the line that have the same explanation: "reason: --hmp, --mode".
class Account {
 public:
  void add(const std::string& heading, const std::string& item) {
    const auto [at, is_new] = items_.emplace(heading, Words());
    if (is_new) order_.push_back(heading);
    if (std::find(at->second.begin(), at->second.end(), item) == at->second.end()) at->second.push_back(item);
  }
  Words lines() const {
    Words lines;
    for (const std::string& heading : order_)
      lines.push_back(fmt::format("{}: {}", heading, fmt::join(items_.at(heading), ", ")));
    return lines;
  }

 private:
  std::map<std::string, Words> items_;
  Words order_;
};

// The flag of the option with its value in the last step that has it.
std::string shown_flag(const Option& option, const std::vector<Step>& steps) {
  std::string value;
  for (const Step& step : steps)
    if (const std::string own = step.get(option.flag); !own.empty()) value = own;
  return value.empty() || value == "true" ? "--" + option.flag : fmt::format("--{} {}", option.flag, value);
}

Words account_of(const std::string& title, const PublishedLine& line, const Translator& translator) {
  Account account;
  const Words& used = translator.used();
  for (const std::string& name : line.given()) {
    const Option& option = line.option(name);
    const bool is_used = std::find(used.begin(), used.end(), name) != used.end();
    const bool is_same = name == "--" + option.flag && option.values.empty() && option.on.empty();
    if (!option.reason.empty())
      account.add(fmt::format("  nothing follows, {}", option.reason), name);
    else if (option.flag.empty())
      continue;  // the program's function says what it became
    else if (!is_used)
      account.add("  nothing follows, the command has no use for it", name);
    else if (is_same)
      account.add("  as they are", name);
    else
      account.add("  other names",
                  fmt::format("{} is {}", line.value(name).empty() ? name : name + " " + line.value(name),
                              shown_flag(option, translator.steps())));
  }
  for (const std::string& flag : translator.published()) account.add("  published defaults", flag);
  Words lines{title};
  for (const std::string& text : account.lines()) lines.push_back(text);
  for (const std::string& remark : translator.remarks()) lines.push_back("  " + remark);
  return lines;
}

// The program of the line: the one whose table fits best.
const Program& choose(const std::vector<const Program*>& programs, const LaunchedLine& line) {
  const Program* best = programs.front();
  size_t fewest = PublishedLine(best->options, line.arguments).misfits();
  for (const Program* const program : programs) {
    const size_t misfits = PublishedLine(program->options, line.arguments).misfits();
    if (misfits < fewest) best = program, fewest = misfits;
  }
  return *best;
}

void check_machines(const LaunchedLine& line) {
  if (line.machines == 1) return;
  throw UserError(
      "`{0} --nnodes {1}` starts processes on several machines, which a line of one process does not; start on each of "
      "them `torchrun --no-python --nnodes {1} --nproc-per-node {2} ... retort compat {3} ...`",
      line.launcher, line.machines, line.processes / line.machines, line.program);
}

}  // namespace

std::vector<std::string> program_names() {
  Words names;
  for (const Program& program : programs())
    for (const std::string& name : program.names)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

Translation translate(const Words& words) {
  LaunchedLine line = read_launched_line(words);
  const std::vector<const Program*> candidates = with_verb(programs_named(line.program), line);
  if (candidates.front()->translate == nullptr)
    throw UserError("`{}{}{}` has no command here: {}", line.program, candidates.front()->verb.empty() ? "" : " ",
                    candidates.front()->verb, candidates.front()->missing);
  check_machines(line);
  const Program& program = choose(candidates, line);
  const PublishedLine published(program.options, line.arguments);
  if (!published.problems().empty())
    throw UserError("{}:\n{}", title(line, program), fmt::join(published.problems(), "\n"));
  Translator translator(published, line.processes);
  program.translate(translator);
  return {.account = account_of(title(line, program), published, translator), .steps = translator.steps()};
}

}  // namespace retort::compat
