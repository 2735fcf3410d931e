// Parses the command line and configuration files into fields. Problems are collected and reported together, so that
// a user of a remote machine sees all of them at once.
#include "retort/base/fields.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/field_value.h"
#include "retort/base/fields_text.h"
#include "retort/base/log.h"
#include "retort/base/path_names.h"

namespace retort {
namespace {

using Problems = std::vector<std::string>;

std::string with_underscores(std::string_view name) {
  std::string normal(name);
  std::replace(normal.begin(), normal.end(), '-', '_');
  return normal;
}

void throw_if_any(const Problems& problems) {
  if (!problems.empty()) throw UserError("{}", fmt::join(problems, "\n"));
}

std::vector<std::string> known_names(const FieldList& list) {
  std::vector<std::string> names;
  for (const Field& field : list.all()) {
    names.push_back(field.name);
    names.insert(names.end(), field.spec.aliases.begin(), field.spec.aliases.end());
  }
  return names;
}

std::string did_you_mean(std::string_view prefix, const std::string& near) {
  return near.empty() ? "; see --help" : fmt::format(", did you mean `{}{}`?", prefix, near);
}

// The flag of another program that has no effect here; null when there is none.
const AcceptedFlag* find_accepted(const FieldList& list, std::string_view name) {
  for (const AcceptedFlag& flag : list.accepted())
    if (flag.name == with_underscores(name)) return &flag;
  return nullptr;
}

void report_accepted(const AcceptedFlag& flag) { log_info("`--{}` has no effect: {}", flag.name, flag.reason); }

void set_from_json(FieldList& list, const Json& values, const std::string& subject, Problems& problems) {
  if (!values.is_object()) {
    problems.push_back(
        fmt::format("`{}` must be a JSON object of settings, but is of type {}", subject, values.type_name()));
    return;
  }
  for (const auto& [key, value] : values.items()) {
    if (key == kCommandKey) continue;
    Field* const field = list.find(key);
    if (const AcceptedFlag* const accepted = find_accepted(list, key); field == nullptr && accepted != nullptr) {
      report_accepted(*accepted);
    } else if (field == nullptr) {
      const std::string near = nearest_name(with_underscores(key), known_names(list));
      problems.push_back(fmt::format("`{}`: unknown key `{}`{}", subject, key, did_you_mean("", near)));
    } else if (const std::string problem = set_field_from_json(*field, value); !problem.empty()) {
      problems.push_back(fmt::format("`{}`: `{}` {}", subject, key, problem));
    }
  }
}

// One `--name` or `--name=value`, with the words before the next flag.
struct FlagUse {
  std::string name;  // normalized, without dashes
  std::vector<std::string> words;
  bool has_inline_value = false;  // words.front() came after `=`
};

bool is_flag(std::string_view word) { return word.size() > 2 && word.starts_with("--"); }

// Splits the command line at its flags. Words before the first flag are problems. All words after a flag count as its
// values until the flag's type is known.
std::vector<FlagUse> split_at_flags(const std::vector<std::string>& arguments, Problems& problems) {
  std::vector<FlagUse> uses;
  for (const std::string& word : arguments) {
    if (is_flag(word)) {
      const size_t equals = std::min(word.find('='), word.size());
      uses.push_back({with_underscores(std::string_view(word).substr(2, equals - 2)), {}, equals < word.size()});
      if (equals < word.size()) uses.back().words.push_back(word.substr(equals + 1));
    } else if (uses.empty()) {
      problems.push_back(fmt::format("`{}` must be a flag, but does not start with `--`; see --help", word));
    } else {
      uses.back().words.push_back(word);
    }
  }
  return uses;
}

// Keeps the first `used` words and reports the others as misplaced.
void keep_words(FlagUse& use, size_t used, Problems& problems) {
  for (size_t i = used; i < use.words.size(); ++i) {
    problems.push_back(fmt::format("`{}` after `--{}` must be a flag, but does not start with `--`; see --help",
                                   use.words[i], use.name));
  }
  use.words.resize(std::min(used, use.words.size()));
}

void apply_bool(Field& field, FlagUse& use, bool negated, Problems& problems) {
  bool value = true;
  const bool takes_word = use.has_inline_value || (!use.words.empty() && read_bool(use.words.front(), value));
  keep_words(use, takes_word ? 1 : 0, problems);
  if (takes_word && !read_bool(use.words.front(), value)) {
    problems.push_back(fmt::format("`--{}` must be true or false, but is `{}`", use.name, use.words.front()));
    return;
  }
  if (auto* const optional = std::get_if<std::optional<bool>*>(&field.target)) **optional = value != negated;
  if (auto* const plain = std::get_if<bool*>(&field.target)) **plain = value != negated;
  field.was_set = true;
}

void apply_value(Field& field, FlagUse& use, Problems& problems) {
  if (!is_list(field) || use.has_inline_value) keep_words(use, 1, problems);
  if (use.words.empty()) {
    problems.push_back(fmt::format("`--{}` must be followed by {}, but is not", use.name, field_kind(field)));
  } else if (const std::string problem = set_field_from_words(field, use.words); !problem.empty()) {
    problems.push_back(fmt::format("`--{}` {}", use.name, problem));
  }
}

void apply_flag(FieldList& list, FlagUse& use, Problems& problems) {
  if (Field* const field = list.find(use.name)) {
    return is_bool(*field) ? apply_bool(*field, use, false, problems) : apply_value(*field, use, problems);
  }
  Field* const negated = use.name.starts_with("no_") ? list.find(std::string_view(use.name).substr(3)) : nullptr;
  if (negated != nullptr && is_bool(*negated)) return apply_bool(*negated, use, true, problems);
  if (const AcceptedFlag* const accepted = find_accepted(list, use.name)) {
    bool ignored = false;  // a switch may be followed by true or false, as some programs require
    const bool takes_word = accepted->takes_value || (!use.words.empty() && read_bool(use.words.front(), ignored));
    keep_words(use, takes_word ? 1 : 0, problems);
    return report_accepted(*accepted);
  }
  std::vector<std::string> names = known_names(list);
  names.emplace_back("config");
  problems.push_back(fmt::format("unknown flag `--{}`{}", use.name, did_you_mean("--", nearest_name(use.name, names))));
}

void apply_config(FieldList& list, FlagUse& use, Problems& problems) {
  keep_words(use, 1, problems);
  if (use.words.empty()) {
    problems.emplace_back("`--config` must be followed by a JSON file, but is not");
    return;
  }
  try {
    set_from_json(list, read_json_file(use.words.front(), JsonComments::kSkip), use.words.front(), problems);
  } catch (const UserError& failure) {
    problems.emplace_back(failure.what());
  }
}

// Applies the settings that fields with `read_group` read from their files; returns whether there were any.
bool apply_group_files(FieldList& list, Problems& problems) {
  bool is_any = false;
  for (const Field& file : list.all()) {
    if (!file.spec.read_group) continue;
    const std::string path = **std::get_if<std::string*>(&file.target);
    if (path.empty()) continue;
    is_any = true;
    FieldList group;
    for (const Field& field : list.all())
      if (field.group == file.group && field.name != file.name) group.all().push_back(field);
    try {
      set_from_json(group, file.spec.read_group(path), path, problems);
    } catch (const UserError& failure) {
      problems.emplace_back(failure.what());
    }
  }
  return is_any;
}

bool reads_group(FieldList& list, const std::string& name) {
  const Field* const field = list.find(name);
  return field != nullptr && field->spec.read_group;
}

void check_required(const FieldList& list, Problems& problems) {
  for (const Field& field : list.all()) {
    if (!field.spec.required) continue;
    const auto* const text = std::get_if<std::string*>(&field.target);
    if (!field.was_set)
      problems.push_back(fmt::format("`--{}` must be given, but is missing: {}", field.name, field.spec.help));
    else if (text != nullptr && (*text)->empty())
      problems.push_back(fmt::format("`--{}` must be given, but is empty: {}", field.name, field.spec.help));
  }
}

}  // namespace

Field* FieldList::find(std::string_view name) {
  const std::string wanted = with_underscores(name);
  for (Field& field : fields_) {
    const auto& aliases = field.spec.aliases;
    const auto is_wanted = [&](const std::string& known) { return with_underscores(known) == wanted; };
    if (is_wanted(field.name) || std::any_of(aliases.begin(), aliases.end(), is_wanted)) return &field;
  }
  return nullptr;
}

void parse_flags(FieldList& list, const std::vector<std::string>& arguments) {
  Problems problems;
  std::vector<FlagUse> uses = split_at_flags(arguments, problems);
  const auto apply_configs = [&](Problems& found) {
    for (FlagUse& use : uses)
      if (use.name == "config") apply_config(list, use, found);
  };
  const auto apply_flags = [&](bool of_group_files, Problems& found) {
    for (FlagUse& use : uses)
      if (use.name != "config" && reads_group(list, use.name) == of_group_files) apply_flag(list, use, found);
  };
  apply_configs(problems);
  apply_flags(true, problems);
  if (apply_group_files(list, problems)) {
    Problems known;  // the same as above
    apply_configs(known);
    apply_flags(true, known);
  }
  apply_flags(false, problems);
  check_required(list, problems);
  throw_if_any(problems);
}

void set_fields_from_json(FieldList& list, const Json& values, const std::string& subject) {
  Problems problems;
  set_from_json(list, values, subject, problems);
  throw_if_any(problems);
}

Json fields_to_json(const FieldList& list) {
  Json values = Json::object();
  for (const Field& field : list.all()) values[field.name] = field_to_json(field);
  return with_path_names(std::move(values));
}

}  // namespace retort
