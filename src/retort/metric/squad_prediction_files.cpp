// See squad_prediction_files.h.
#include "retort/metric/squad_prediction_files.h"

#include "retort/base/error.h"
#include "retort/base/fast_json.h"
#include "retort/base/file.h"

namespace retort::metric {
namespace {

namespace dom = simdjson::dom;

// Calls accept(id, value) for every member of the file's object.
template <typename Accept>
void for_each_member(const std::filesystem::path& path, Accept&& accept) {
  FastJson json(read_file(path));
  const dom::element root = json.parse(path.string());
  dom::object members;
  if (root.get(members))
    throw UserError("`{}` must hold one JSON object, from ids to values, but holds {}", path.string(), kind_name(root));
  for (const auto& [id, value] : members) accept(std::string(id), value);
}

}  // namespace

Predictions read_predictions(const std::filesystem::path& path) {
  Predictions predictions;
  for_each_member(path, [&](std::string id, dom::element value) {
    std::string_view text;
    if (value.get(text))
      throw UserError(
          "`{}`: the prediction of `{}` must be a string, but is {}; use predictions.json, not the n-best file",
          path.string(), id, kind_name(value));
    predictions[std::move(id)] = text;
  });
  return predictions;
}

NullOdds read_null_odds(const std::filesystem::path& path) {
  NullOdds odds;
  std::unordered_map<std::string, size_t>
      places;  // a repeated id keeps its position and takes the last value, as in Python
  for_each_member(path, [&](std::string id, dom::element value) {
    double number;
    if (value.get(number))
      throw UserError("`{}`: the odds of `{}` must be a number, but are {}", path.string(), id, kind_name(value));
    const auto [place, is_new] = places.emplace(id, odds.size());
    if (is_new) odds.emplace_back(std::move(id), number);
    odds[place->second].second = number;
  });
  return odds;
}

}  // namespace retort::metric
