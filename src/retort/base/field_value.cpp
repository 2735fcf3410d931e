// Converts words and JSON to the seven field types. Reads and writes numbers without the locale (from_chars, fmt), so
// that a German locale does not turn 0.5 into 0.
#include "retort/base/field_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "retort/base/error.h"
#include "retort/base/fields_text.h"

namespace retort {
namespace {

constexpr double kLargestExact = 9007199254740992.0;  // 2^53: a double represents integers up to here exactly

// Reads the whole word as a number with an optional plus sign; false for anything else, also for infinity and NaN.
bool read_number(std::string_view word, double& value) {
  if (word.starts_with('+')) word.remove_prefix(1);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size() && std::isfinite(value);
}

bool to_whole(double number, int64_t& value) {
  if (std::abs(number) > kLargestExact || number != std::floor(number)) return false;
  value = static_cast<int64_t>(number);
  return true;
}

// Also accepts `1e3`, which users write for steps and example counts.
bool read_number(std::string_view word, int64_t& value) {
  const std::string_view digits = word.starts_with('+') ? word.substr(1) : word;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc() && end == digits.data() + digits.size()) return true;
  double number = 0;
  return error != std::errc::result_out_of_range && read_number(word, number) && to_whole(number, value);
}

std::vector<std::string> split_at_commas(const std::vector<std::string>& words) {
  std::vector<std::string> pieces;
  for (const std::string& word : words) {
    for (size_t begin = 0; begin <= word.size();) {
      const size_t comma = std::min(word.find(',', begin), word.size());
      if (comma > begin) pieces.push_back(word.substr(begin, comma - begin));
      begin = comma + 1;
    }
  }
  return pieces;
}

std::string must_be(std::string_view wanted, std::string_view given) {
  return fmt::format("must be {}, but is `{}`", wanted, given);
}

bool outside(const FieldSpec& spec, double value) {
  if (spec.all && value == *spec.all) return false;
  return (spec.min && value < *spec.min) || (spec.max && value > *spec.max);
}

std::string check(const FieldSpec& spec, const std::string& value) {
  if (spec.choices.empty() || std::find(spec.choices.begin(), spec.choices.end(), value) != spec.choices.end())
    return "";
  const std::string near = nearest_name(value, spec.choices);
  return must_be(field_limits(spec), value) + (near.empty() ? "" : fmt::format("; did you mean `{}`?", near));
}

std::string check(const FieldSpec&, std::optional<bool>) { return ""; }

template <typename Number>
requires std::is_arithmetic_v<Number> std::string check(const FieldSpec& spec, Number value) {
  return outside(spec, static_cast<double>(value)) ? must_be(field_limits(spec), fmt::to_string(value)) : "";
}

template <typename T>
std::string check(const FieldSpec& spec, const std::vector<T>& values) {
  for (const T& value : values)
    if (std::string problem = check(spec, value); !problem.empty()) return problem;
  return "";
}

// Read words, one overload per type; each returns the problem.
std::string read_words(const std::vector<std::string>& words, bool& value) {
  return read_bool(words.front(), value) ? "" : must_be("true or false", words.front());
}
std::string read_words(const std::vector<std::string>& words, std::optional<bool>& value) {
  return read_words(words, value.emplace());
}
std::string read_words(const std::vector<std::string>& words, int64_t& value) {
  return read_number(words.front(), value) ? "" : must_be("an integer", words.front());
}
std::string read_words(const std::vector<std::string>& words, double& value) {
  return read_number(words.front(), value) ? "" : must_be("a number", words.front());
}
std::string read_words(const std::vector<std::string>& words, std::string& value) {
  value = words.front();
  return "";
}
std::string read_words(const std::vector<std::string>& words, std::vector<std::string>& value) {
  value = split_at_commas(words);
  return "";
}
std::string read_words(const std::vector<std::string>& words, std::vector<int64_t>& value) {
  value.clear();
  for (const std::string& piece : split_at_commas(words))
    if (!read_number(piece, value.emplace_back())) return must_be("a list of integers", piece);
  return "";
}

std::string shown(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Read JSON, one overload per type.
std::string read_json(const Json& json, bool& value) {
  if (json.is_boolean()) return value = json.get<bool>(), "";
  if (json.is_number_integer() && read_bool(json.dump(), value)) return "";
  return must_be("true or false", shown(json));
}
std::string read_json(const Json& json, std::optional<bool>& value) { return read_json(json, value.emplace()); }
std::string read_json(const Json& json, double& value) {
  if (!json.is_number()) return must_be("a number", shown(json));
  value = json.get<double>();
  return "";
}
std::string read_json(const Json& json, int64_t& value) {
  // Reads the serialized number, which also rejects unsigned numbers above int64.
  return json.is_number() && read_number(json.dump(), value) ? "" : must_be("an integer", shown(json));
}
std::string read_json(const Json& json, std::string& value) {
  if (!json.is_string()) return must_be("a string", shown(json));
  value = json.get<std::string>();
  return "";
}
template <typename T>
std::string read_json(const Json& json, std::vector<T>& value) {
  if (json.is_string()) return read_words({json.get<std::string>()}, value);
  if (!json.is_array()) return must_be("a list", shown(json));
  value.clear();
  for (const Json& item : json) {
    T element{};
    if (std::string problem = read_json(item, element); !problem.empty()) return problem;
    value.push_back(std::move(element));
  }
  return "";
}

// Replaces an older spelling by the choice that it means.
void use_choice(const FieldSpec& spec, auto& value) {
  if constexpr (std::is_same_v<std::remove_reference_t<decltype(value)>, std::string>)
    for (const auto& [spelling, choice] : spec.choice_aliases)
      if (value == spelling) return void(value = choice);
}

// Reads into a copy, so that the field keeps its value when there is a problem.
template <typename Read>
std::string set_field(Field& field, const Read& read) {
  const auto set = [&](auto* target) {
    auto value = *target;
    std::string problem = read(value);
    use_choice(field.spec, value);
    if (problem.empty()) problem = check(field.spec, value);
    if (problem.empty()) *target = std::move(value), field.was_set = true;
    return problem;
  };
  return std::visit(set, field.target);
}

std::string to_text(bool value) { return value ? "true" : "false"; }
std::string to_text(std::optional<bool> value) { return value ? to_text(*value) : ""; }
std::string to_text(int64_t value) { return fmt::to_string(value); }
std::string to_text(double value) { return fmt::format("{}", value); }
std::string to_text(const std::string& value) { return value; }
template <typename T>
std::string to_text(const std::vector<T>& values) {
  return fmt::format("{}", fmt::join(values, ","));
}

template <typename T>
Json to_json(const T& value) {
  return value;
}
Json to_json(const std::optional<bool>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

bool is_bool(const Field& field) {
  return std::holds_alternative<bool*>(field.target) || std::holds_alternative<std::optional<bool>*>(field.target);
}

bool is_list(const Field& field) {
  return std::holds_alternative<std::vector<std::string>*>(field.target) ||
         std::holds_alternative<std::vector<int64_t>*>(field.target);
}

bool read_bool(std::string_view word, bool& value) {
  const bool yes = word == "true" || word == "1" || word == "yes" || word == "True";
  const bool no = word == "false" || word == "0" || word == "no" || word == "False";
  if (yes || no) value = yes;
  return yes || no;
}

std::string set_field_from_words(Field& field, const std::vector<std::string>& words) {
  return set_field(field, [&](auto& value) { return read_words(words, value); });
}

std::string set_field_from_json(Field& field, const Json& json) {
  if (json.is_null()) return "";
  return set_field(field, [&](auto& value) { return read_json(json, value); });
}

Json field_to_json(const Field& field) {
  return std::visit([](const auto* target) { return to_json(*target); }, field.target);
}

std::string field_to_text(const Field& field) {
  return std::visit([](const auto* target) { return to_text(*target); }, field.target);
}

std::string field_kind(const Field& field) {
  static constexpr const char* kKinds[] = {"", "", "INT", "FLOAT", "TEXT", "TEXT,...", "INT,..."};
  static_assert(std::size(kKinds) == std::variant_size_v<Field::Target>);
  return kKinds[field.target.index()];
}

std::string field_limits(const FieldSpec& spec) {
  if (!spec.choices.empty()) return fmt::format("one of {}", fmt::join(spec.choices, ", "));
  if (spec.min && spec.max) return fmt::format("between {} and {}", *spec.min, *spec.max);
  if (spec.min && spec.all) return fmt::format("at least {}, or {} for all", *spec.min, *spec.all);
  if (spec.min) return fmt::format("at least {}", *spec.min);
  return spec.max ? fmt::format("at most {}", *spec.max) : "";
}

}  // namespace retort
