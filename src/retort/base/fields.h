// Configuration that describes itself. A struct lists its fields once:
//
//   struct DecodeConfig {
//     int64_t n_best_size = 20;
//     void fields(FieldList& list) {
//       list.add("n_best_size", n_best_size, {.help = "Candidates kept per question.", .min = 1});
//     }
//   };
//
// and from that one list come the command-line flags, JSON in and out, range checks, --help and docs/reference.
// Flags are flat and snake_case; `-` is accepted for `_`, older spellings as aliases.
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
  std::optional<double> all = {};         // below `min`: stands for all there are
  std::vector<std::string> choices = {};  // allowed values of a string
  std::vector<std::pair<std::string, std::string>> choice_aliases = {};  // older spellings of them: spelling, choice
  std::vector<std::string> aliases = {};                                 // older spellings, without dashes
  bool required = false;  // must be given on the command line or in the config file
  // Of a path: reads settings for the other fields of its group from the file, whose own form only this function knows.
  // They give way to the config file and to the command line. Throws UserError.
  std::function<Json(const std::string& path)> read_group = {};
};

// One field: its description and where its value lives.
struct Field {
  // Of the optional truth value, absent is "not given": something else decides then.
  using Target = std::variant<bool*, std::optional<bool>*, int64_t*, double*, std::string*, std::vector<std::string>*,
                              std::vector<int64_t>*>;
  std::string name, group;
  FieldSpec spec;
  Target target;
  bool was_set = false;  // by the command line or the config file
};

// A flag or key of other programs that has nothing to set here: it is taken, and a log line says why nothing follows.
struct AcceptedFlag {
  std::string name;
  bool takes_value = false;
  std::string reason;  // "config.json says it"
};

class FieldList {
 public:
  // Fields added from now on belong to the section `title` of --help.
  void group(std::string title) { group_ = std::move(title); }
  template <typename T>
  void add(std::string name, T& value, FieldSpec spec) {
    fields_.push_back(Field{std::move(name), group_, std::move(spec), Field::Target(&value), false});
  }
  void accept(AcceptedFlag flag) { accepted_.push_back(std::move(flag)); }
  const std::vector<AcceptedFlag>& accepted() const { return accepted_; }
  std::vector<Field>& all() { return fields_; }
  const std::vector<Field>& all() const { return fields_; }
  // By name or alias, with `-` read as `_`; null when unknown.
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

// The key under which written settings name the command that used them; read as settings, it is passed over.
inline constexpr const char* kCommandKey = "command";

// Sets fields from a JSON object (unknown keys are an error with the nearest name; `subject` names the source).
void set_fields_from_json(FieldList& list, const Json& values, const std::string& subject);

// The effective values, in order.
Json fields_to_json(const FieldList& list);

// Text for --help: groups, names, defaults, units, ranges, help, aliases; lines at most 100 columns.
std::string fields_help(const FieldList& list);

// A Markdown table per group, for docs/reference. Defaults are the values that the fields hold now.
std::string fields_markdown(const FieldList& list);

// The candidate with the smallest edit distance to `word`, or "" when none is near (distance > 1 + length/3).
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace retort
