// The arguments of a published program, read as its own parser reads them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "retort/compat/option.h"

namespace retort::compat {

class PublishedLine {
 public:
  // Reads the arguments by the table. Like the argument parsers of these programs it takes `--name value`,
  // `--name=value`, unique beginnings of names, and numbers below 0 as values.
  PublishedLine(const Options& options, const std::vector<std::string>& arguments);

  // What is wrong: unknown options with the nearest names, values that are missing, words without an option,
  // required options that are absent, options that are refused.
  const std::vector<std::string>& problems() const { return problems_; }
  // The number of problems that show that the line is not for this program: all but refusals.
  size_t misfits() const { return misfits_; }

  const Options& options() const { return options_; }
  // The options that are given, in their order, each once.
  const std::vector<std::string>& given() const { return given_; }
  bool is_given(std::string_view name) const { return values_.find(name) != values_.end(); }
  // A switch that is given; an option of truth that is true, given or by its default.
  bool has(std::string_view name) const;
  // The value given, else the published default; "" without one. Of a pair both, with a space between them.
  std::string value(std::string_view name) const;
  // A value of a pair: that of phase 1 or 2.
  std::string value_of_phase(std::string_view name, int phase) const;
  const Option& option(std::string_view name) const;

 private:
  size_t read_option(const std::vector<std::string>& arguments, size_t at);
  void take_position(const std::string& word);
  const Option* find(const std::string& word);
  void take(const Option& option, const std::string& value);
  void misfit(std::string problem);

  const Options& options_;
  std::map<std::string, std::string, std::less<>> values_;         // by the first name
  std::map<std::string, std::string, std::less<>> second_values_;  // those of pairs
  std::vector<std::string> given_, problems_;
  size_t misfits_ = 0;
};

// Returns whether the word means true or false; only then sets `value`.
bool read_truth(std::string_view word, bool& value);

}  // namespace retort::compat
