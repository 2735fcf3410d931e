#include "retort/compat/published_line.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "retort/base/error.h"
#include "retort/base/fields_text.h"

namespace retort::compat {

namespace {

std::vector<std::string> names_of(const Option& option) {
  std::istringstream words(option.names);
  return {std::istream_iterator<std::string>(words), {}};
}

bool is_number(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && (std::isdigit(static_cast<unsigned char>(word[1])) || word[1] == '.');
}

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-' && !is_number(word); }

// `--json-summary` and `--json_summary` are one.
std::string normal_name(std::string word) {
  word = word.substr(0, word.find('='));
  if (word.starts_with("--")) std::replace(word.begin() + 2, word.end(), '-', '_');
  return word;
}

}  // namespace

bool read_truth(std::string_view word, bool& value) {
  for (const auto& [name, truth] : {std::pair("true", true),
                                    {"false", false},
                                    {"1", true},
                                    {"0", false},
                                    {"yes", true},
                                    {"no", false},
                                    {"t", true},
                                    {"f", false}}) {
    const bool is_it =
        std::equal(word.begin(), word.end(), std::string_view(name).begin(), std::string_view(name).end(),
                   [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
    if (is_it) return value = truth, true;
  }
  return false;
}

PublishedLine::PublishedLine(const Options& options, const std::vector<std::string>& arguments) : options_(options) {
  for (size_t i = 0; i < arguments.size();)
    if (is_option(arguments[i]))
      i = read_option(arguments, i);
    else
      take_position(arguments[i++]);
  for (const Option& option : options_)
    if (option.is_required && !is_given(option.name()))
      misfit(fmt::format("`{}` must be given, but is missing", option.name()));
}

// Reads the option at this argument with its values; returns the index of the argument after them.
size_t PublishedLine::read_option(const std::vector<std::string>& arguments, size_t at) {
  const std::string& word = arguments[at++];
  size_t values = 0;  // words that may be values
  while (at + values < arguments.size() && !is_option(arguments[at + values])) ++values;
  const Option* const option = find(word);
  if (option == nullptr) return at + values;  // its values are not further problems
  const size_t equals = word.find('=');
  bool truth = true;
  if (option->takes == Takes::kPair) {
    if (values < 2) {
      misfit(fmt::format("`{}` must be followed by two values, of phase 1 and of phase 2, but is not", option->name()));
      return at + values;
    }
    take(*option, arguments[at]);
    second_values_[option->name()] = arguments[at + 1];
    return at + 2;
  }
  if (equals != word.npos && word.starts_with("--"))
    take(*option, word.substr(equals + 1));
  else if (option->takes == Takes::kNothing)
    take(*option, "");
  else if (option->takes == Takes::kTruth)
    take(*option, values > 0 && read_truth(arguments[at], truth) ? arguments[at++] : "true");
  else if (values > 0)
    take(*option, arguments[at++]);
  else if (option->takes == Takes::kOptional)
    take(*option, "");
  else
    misfit(fmt::format("`{}` must be followed by a value, but is not", option->name()));
  return at;
}

// Gives the word to the first argument without a name that has none yet.
void PublishedLine::take_position(const std::string& word) {
  for (const Option& option : options_)
    if (option.takes == Takes::kPosition && !is_given(option.name())) return take(option, word);
  misfit(fmt::format("`{}` must belong to an option, but does not", word));
}

// The option of a word, by its whole name or a prefix that no other name has; null, with the problem recorded,
// otherwise.
const Option* PublishedLine::find(const std::string& word) {
  const std::string wanted = normal_name(word);
  std::vector<std::string> known, longer;
  const Option* begun = nullptr;
  for (const Option& option : options_) {
    for (const std::string& name : names_of(option)) {
      const std::string normal = normal_name(name);
      if (normal == wanted) return &option;
      known.push_back(normal);
      if (wanted.starts_with("--") && normal.starts_with(wanted)) longer.push_back(name), begun = &option;
    }
  }
  if (longer.size() == 1) return begun;
  const std::string near = nearest_name(wanted, known);
  misfit(longer.size() > 1 ? fmt::format("`{}` may be {}; write the whole name", wanted, fmt::join(longer, " or "))
         : near.empty()    ? fmt::format("unknown option `{}`", wanted)
                           : fmt::format("unknown option `{}`, did you mean `{}`?", wanted, near));
  return nullptr;
}

void PublishedLine::take(const Option& option, const std::string& value) {
  const std::string name = option.name();
  bool truth = false;
  if (option.is_refused && (option.takes == Takes::kNothing || value != option.published)) {
    problems_.push_back(fmt::format("`{}` cannot be honored: {}", name, option.reason));
    return;
  }
  if (option.takes == Takes::kTruth && !read_truth(value, truth))
    return misfit(fmt::format("`{}` must be true or false, but is `{}`", name, value));
  const auto is_value = [&](const auto& pair) { return pair.first == value; };
  if (!option.values.empty() && std::none_of(option.values.begin(), option.values.end(), is_value)) {
    std::vector<std::string> choices;
    for (const auto& [choice, ours] : option.values) choices.push_back(choice);
    return misfit(fmt::format("`{}` must be one of {}, but is `{}`", name, fmt::join(choices, ", "), value));
  }
  if (!is_given(name)) given_.push_back(name);
  values_[name] = value;
}

void PublishedLine::misfit(std::string problem) {
  ++misfits_;
  problems_.push_back(std::move(problem));
}

const Option& PublishedLine::option(std::string_view name) const {
  const auto found = std::find_if(options_.begin(), options_.end(), [&](const auto& o) { return o.name() == name; });
  RETORT_CHECK(found != options_.end(), "`{}` is no option of the table", name);
  return *found;
}

bool PublishedLine::has(std::string_view name) const {
  if (option(name).takes == Takes::kNothing) return is_given(name);
  bool truth = false;
  return read_truth(value(name), truth) && truth;
}

std::string PublishedLine::value(std::string_view name) const {
  const auto given = values_.find(name);
  if (given == values_.end()) return option(name).published;
  const auto second = second_values_.find(name);
  return second == second_values_.end() ? given->second : given->second + " " + second->second;
}

std::string PublishedLine::value_of_phase(std::string_view name, int phase) const {
  const auto given = values_.find(name);
  if (given != values_.end()) return phase == 1 ? given->second : second_values_.find(name)->second;
  const std::string& both = option(name).published;
  const size_t space = both.find(' ');
  RETORT_CHECK(space != both.npos, "`{}` has no pair of published values", name);
  return phase == 1 ? both.substr(0, space) : both.substr(space + 1);
}

}  // namespace retort::compat
