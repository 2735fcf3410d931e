#include "retort/optim/optimizer_kind.h"

#include <algorithm>

#include "retort/base/error.h"

namespace retort::optim {

OptimizerKind parse_optimizer(const std::string& name) {
  const auto& names = optimizer_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw UserError("`optimizer` must be adamw, bertadam or lamb, but is `{}`", name);
  return static_cast<OptimizerKind>(found - names.begin());
}

const std::vector<std::string>& optimizer_names() {
  static const std::vector<std::string> names{"adamw", "bertadam", "lamb"};  // in the order of OptimizerKind
  return names;
}

}  // namespace retort::optim
