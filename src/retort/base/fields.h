// Self-describing configuration. A struct lists its fields once:
//
//   struct DecodeConfig {
//     int64_t n_best_size = 20;
//     void fields(FieldList& list) {
//       list.add("n_best_size", n_best_size, {.help = "Candidates kept per question.", .min = 1});
//     }
//   };
//
// From this list come the command-line flags, JSON reading and writing, range checks, --help and docs/reference.
// Flags are flat and snake_case; `-` is accepted for `_`, and older spellings are aliases.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "retort/base/json.h"

namespace retort {

struct FieldSpec {
  std::string help;                       // one sentence
  std::string unit = {};                  // "tokens", "seconds", ... ; empty for pure numbers
  std::optional<double> min = {};         // inclusive
  std::optional<double> max = {};         // inclusive
  std::optional<double> all = {};         // a value below `min` that means "all", for example -1
  std::vector<std::string> choices = {};  // allowed values of a string
  std::vector<std::pair<std::string, std::string>> choice_aliases = {};  // older spellings of choices: spelling, choice
  std::vector<std::string> aliases = {};                                 // older spellings, without dashes
  bool required = false;  // must be given on the command line or in the config file
  // For a field that names a file: reads settings of the other fields of its group from that file, in the file's
  // format. The config file and the command line override these settings. Throws UserError.
  std::function<Json(const std::string& path)> read_group = {};
};

// One field: its description and a pointer to its value.
struct Field {
  // std::optional<bool> is empty when the flag is not given; the default then depends on other settings.
  using Target = std::variant<bool*, std::optional<bool>*, int64_t*, double*, std::string*, std::vector<std::string>*,
                              std::vector<int64_t>*>;
  std::string name, group;
  FieldSpec spec;
  Target target;
  bool was_set = false;  // by the command line or the config file
};

// A flag or key of another program that has no effect here. It is accepted, and a log line gives the reason.
struct AcceptedFlag {
  std::string name;
  bool takes_value = false;
  std::string reason;  // "config.json defines it"
};

class FieldList {
 public:
  // Assigns the fields added after this call to the section `title` of --help.
  void group(std::string title) { group_ = std::move(title); }
  template <typename T>
  void add(std::string name, T& value, FieldSpec spec) {
    fields_.push_back(Field{std::move(name), group_, std::move(spec), Field::Target(&value), false});
  }
  void accept(AcceptedFlag flag) { accepted_.push_back(std::move(flag)); }
  const std::vector<AcceptedFlag>& accepted() const { return accepted_; }
  std::vector<Field>& all() { return fields_; }
  const std::vector<Field>& all() const { return fields_; }
  // Finds a field by name or alias; reads `-` as `_`. Null when unknown.
  Field* find(std::string_view name);

 private:
  std::string group_;
  std::vector<Field> fields_;
  std::vector<AcceptedFlag> accepted_;
};

// Sets fields from `--name value`, `--name=value`, `--flag`, `--no_flag`, `--flag false`; lists take `a,b,c` or several
// values. `--config FILE` is applied first. Checks ranges, choices and required fields and throws one UserError that
// holds every problem found; an unknown flag shows the nearest known name. Positional words are an error.
void parse_flags(FieldList& list, const std::vector<std::string>& arguments);

// The key of written settings that holds the command name; ignored when the settings are read.
inline constexpr const char* kCommandKey = "command";

// Sets fields from a JSON object. An unknown key is an error that shows the nearest name; `subject` names the file.
void set_fields_from_json(FieldList& list, const Json& values, const std::string& subject);

// The effective values, in the order of the fields.
Json fields_to_json(const FieldList& list);

}  // namespace retort
