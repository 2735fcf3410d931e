// One option of a published program and its translation: a flag of retort, nothing (with the reason), or an error. The
// table of a program is a list of these.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace retort::compat {

enum class Takes {
  kNothing,  // a switch
  kValue,
  kTruth,     // true or false in a word of its own; without one it is true
  kOptional,  // a value, or none
  kPair,      // two values: of phase 1 and of phase 2
  kPosition,  // an argument without a name, in the order of the table
};

struct Option {
  std::string names;  // "--learning_rate -r": messages use the first
  Takes takes = Takes::kValue;
  std::string flag = {};       // ours, without dashes; empty: none
  std::string published = {};  // the published default; empty: none, or off
  std::string on = {};         // of a switch: the value of our flag; empty: true
  std::string reason = {};     // why nothing follows, or why it is refused
  bool is_refused = false;
  bool is_required = false;
  std::vector<std::pair<std::string, std::string>> values = {};  // published value -> ours; others are refused

  std::string name() const { return names.substr(0, names.find(' ')); }
  Option& standard(std::string value) { return published = std::move(value), *this; }
  Option& must() { return is_required = true, *this; }
  Option& choices(std::vector<std::pair<std::string, std::string>> pairs) { return values = std::move(pairs), *this; }
};

using Options = std::vector<Option>;

// An option with a value that is a flag of retort, with the same name or another.
Option same(std::string names);
Option as(std::string names, std::string flag);
// A switch that sets a flag of retort to `on`.
Option same_switch(std::string names);
Option as_switch(std::string names, std::string flag, std::string on = "true");
// An option whose value is true or false.
Option same_truth(std::string names);
// The function of the program reads it; it is no flag by itself.
Option read(std::string names, Takes takes = Takes::kValue);
// The same for two values; `published` holds both defaults with a space between them.
Option pair(std::string names, std::string published);
// The same for an argument without a name; `name` is for messages.
Option position(std::string name, std::string published);
// It changes no result here; the account states the reason.
Option nothing(std::string names, Takes takes, std::string reason);
// It changes results and cannot be honored: an error where it is given.
Option refused(std::string names, Takes takes, std::string reason);

// Concatenates the groups.
Options joined(std::vector<Options> groups);

}  // namespace retort::compat
