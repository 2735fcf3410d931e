// Reads the files that score_squad judges. simdjson, because base/json.h keeps the order of keys at the price of a
// search per key, and these objects hold a key per question.
#include <simdjson.h>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/metric/squad_score.h"

namespace retort::metric {
namespace {

namespace dom = simdjson::dom;

const char* kind_name(dom::element value) {
  switch (value.type()) {
    case dom::element_type::ARRAY:
      return "list";
    case dom::element_type::OBJECT:
      return "object";
    case dom::element_type::STRING:
      return "string";
    case dom::element_type::BOOL:
      return "boolean";
    case dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "number";
  }
}

// Calls accept(id, value) for every member of the file's object.
template <typename Accept>
void for_each_member(const std::filesystem::path& path, Accept&& accept) {
  std::string text = read_file(path);
  const size_t byte_count = text.size();
  text.resize(byte_count + simdjson::SIMDJSON_PADDING);
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(text.data(), byte_count, /*realloc_if_needed=*/false).get(root)) {
    parse_json(std::string_view(text).substr(0, byte_count), path.string());  // its message knows line and column
    throw UserError("`{}` must be JSON, but {}", path.string(), simdjson::error_message(error));
  }
  dom::object members;
  if (root.get(members))
    throw UserError("`{}` must hold one JSON object, from ids to values, but holds a {}", path.string(),
                    kind_name(root));
  for (const auto& [id, value] : members) accept(std::string(id), value);
}

}  // namespace

Predictions read_predictions(const std::filesystem::path& path) {
  Predictions predictions;
  for_each_member(path, [&](std::string id, dom::element value) {
    std::string_view text;
    if (value.get(text))
      throw UserError(
          "`{}`: the prediction of `{}` must be a string, but is a {}; give the file of answers, not the n-best file",
          path.string(), id, kind_name(value));
    predictions[std::move(id)] = text;
  });
  return predictions;
}

NullOdds read_null_odds(const std::filesystem::path& path) {
  NullOdds odds;
  std::unordered_map<std::string, size_t>
      places;  // a repeated id keeps its place and takes the last value, as in Python
  for_each_member(path, [&](std::string id, dom::element value) {
    double number;
    if (value.get(number))
      throw UserError("`{}`: the odds of `{}` must be a number, but are a {}", path.string(), id, kind_name(value));
    const auto [place, is_new] = places.emplace(id, odds.size());
    if (is_new) odds.emplace_back(std::move(id), number);
    odds[place->second].second = number;
  });
  return odds;
}

}  // namespace retort::metric
