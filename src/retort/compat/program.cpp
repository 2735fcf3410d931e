#include "retort/compat/program.h"

#include <algorithm>
#include <charconv>

#include "retort/base/error.h"
#include "retort/compat/corpus_preparation.h"
#include "retort/compat/distilbert.h"
#include "retort/compat/habana.h"
#include "retort/compat/habana_pretraining.h"
#include "retort/compat/hugging_face.h"
#include "retort/compat/launcher.h"
#include "retort/compat/missing.h"
#include "retort/compat/nvidia.h"
#include "retort/compat/nvidia_distillation.h"
#include "retort/compat/run_pretraining.h"
#include "retort/compat/sigopt.h"

namespace retort::compat {

namespace {

// The value of our flag for a value of the option.
std::string our_value(const Option& option, const std::string& value) {
  if (option.takes == Takes::kNothing) return option.on.empty() ? "true" : option.on;
  bool truth = false;
  if (option.takes == Takes::kTruth && read_truth(value, truth)) return truth ? "true" : "false";
  for (const auto& [published, ours] : option.values)
    if (published == value) return ours;
  return value;
}

// The batches of a step that the user did not set: the number in the table, or the command's default.
std::string batches_of(const Step& step) {
  const std::string set = step.get("gradient_accumulation_steps");
  return set.empty() ? flags_of(step.command).at("gradient_accumulation_steps").dump() : set;
}

int64_t parse_whole(const char* name, const std::string& word) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size())
    throw UserError("`{}` must be a whole number, but is `{}`", name, word);
  return number;
}

}  // namespace

const std::vector<Program>& programs() {
  static const std::vector<Program> all = [] {
    std::vector<Program> list;
    for (auto* const make : {habana_programs, habana_pretraining_programs, run_pretraining_programs,
                             corpus_preparation_programs, nvidia_programs, nvidia_distillation_programs,
                             distilbert_programs, hugging_face_programs, sigopt_programs, missing_programs})
      for (Program& program : make()) list.push_back(std::move(program));
    return list;
  }();
  return all;
}

int64_t Translator::number(const char* name) const { return parse_whole(name, value(name)); }

int64_t Translator::number_of_phase(const char* name, int phase) const {
  return parse_whole(name, line_.value_of_phase(name, phase));
}

void Translator::say(const std::string& remark) {
  if (std::find(remarks_.begin(), remarks_.end(), remark) == remarks_.end()) remarks_.push_back(remark);
}

Step& Translator::add_step(const std::string& command) {
  Step step{.command = command};
  for (const Option& option : line_.options()) {
    if (option.flag.empty() || !has_flag(command, option.flag)) continue;
    const std::string name = option.name();
    if (line_.is_given(name)) {
      step.set(option.flag, our_value(option, line_.value(name)));
      used_.push_back(name);
    } else if (!option.published.empty() && step.get(option.flag).empty()) {
      // A switch's default is a value of our flag.
      set_published(step, option.flag,
                    option.takes == Takes::kNothing ? option.published : our_value(option, option.published));
    }
  }
  return steps_.emplace_back(std::move(step));
}

void Translator::set_published(Step& step, const std::string& flag, const std::string& value) {
  if (is_default(step.command, flag, value)) return;
  step.set(flag, value);
  const std::string shown = "--" + flag + " " + value;
  if (std::find(published_.begin(), published_.end(), shown) == published_.end()) published_.push_back(shown);
}

void Translator::set_from(Step& step, const std::string& flag, const char* option) {
  if (!is_given(option)) return set_published(step, flag, value(option));
  step.set(flag, value(option));
  say(fmt::format("{} {} is --{} {}", option, value(option), flag, value(option)));
}

void Translator::gather_processes(Step& step, int64_t processes) {
  if (processes == 1) return;
  const int64_t started = started_processes();
  if (started == processes) return say(fmt::format("{} processes, as they are started", processes));
  if (started != 1)
    throw UserError("the published line is one of {} processes, but {} are started; start {}, or one for all",
                    processes, started, processes);
  const int64_t batches = is_given("--gradient_accumulation_steps") ? number("--gradient_accumulation_steps")
                                                                    : std::stoll(batches_of(step));
  step.set("gradient_accumulation_steps", fmt::format("{}", batches * processes));
  say(fmt::format(
      "{0} processes with a batch each are one here with {0} batches a step, which gives the same steps; to "
      "start {0}, put `torchrun --no-python --nproc-per-node {0}` in front of `retort compat`",
      processes));
}

}  // namespace retort::compat
