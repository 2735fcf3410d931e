#include "retort/train/nonfinite_json.h"

#include <cmath>
#include <limits>

namespace retort::train {

Json with_named_nonfinite(Json value) {
  if (value.is_structured()) {
    for (Json& element : value) element = with_named_nonfinite(std::move(element));
    return value;
  }
  if (!value.is_number_float()) return value;
  const double number = value.get<double>();
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return value;
}

std::optional<double> maybe_number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (value == "Infinity") return std::numeric_limits<double>::infinity();
  if (value == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace retort::train
