#include "retort/task/json_lines_input.h"

#include <limits>

#include "retort/base/error.h"

namespace retort::task {
namespace {

constexpr size_t kLinesAtOnce = 256;

}  // namespace

std::optional<Json> JsonLinesInput::maybe_next() {
  std::string text;
  while (std::getline(in_, text)) {
    ++line_;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    Json object = parse_json(text, place());
    if (!object.is_object())
      throw UserError("`{}` must be a JSON object, but is `{}`", place(), object.dump().substr(0, 60));
    return object;
  }
  return std::nullopt;
}

std::string JsonLinesInput::place() const { return fmt::format("{}: line {}", subject_, line_); }

std::string JsonLinesInput::text_of(const Json& object, const char* field) const {
  const auto found = object.find(field);
  if (found == object.end()) throw UserError("`{}` must have the field `{}`, but does not", place(), field);
  if (!found->is_string())
    throw UserError("`{}`: field `{}` must be a string, but is `{}`", place(), field, found->dump().substr(0, 60));
  return found->get<std::string>();
}

std::vector<int32_t> JsonLinesInput::integers_of(const Json& object, const char* field) const {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_array())
    throw UserError("`{}` must have the field `{}` with a list of whole numbers, but does not", place(), field);
  std::vector<int32_t> values;
  for (const Json& value : *found) {
    const bool fits = value.is_number_integer() && value.get<int64_t>() >= 0 &&
                      value.get<int64_t>() <= std::numeric_limits<int32_t>::max();
    if (!fits)
      throw UserError("`{}`: field `{}` must hold whole numbers from 0, but holds `{}`", place(), field,
                      value.dump().substr(0, 60));
    values.push_back(value.get<int32_t>());
  }
  return values;
}

void answer_lines(JsonLinesInput& lines, const std::function<void(const Json&)>& add,
                  const std::function<std::vector<Json>()>& answer, const OnResult& take) {
  std::vector<Json> requests;
  do {
    requests.clear();
    while (requests.size() < kLinesAtOnce) {
      std::optional<Json> line = lines.maybe_next();
      if (!line) break;
      add(*line);
      requests.push_back(std::move(*line));
    }
    if (requests.empty()) return;
    const std::vector<Json> results = answer();
    for (size_t i = 0; i < requests.size(); ++i) {
      requests[i].update(results[i]);
      take(requests[i]);
    }
  } while (requests.size() == kLinesAtOnce);
}

}  // namespace retort::task
