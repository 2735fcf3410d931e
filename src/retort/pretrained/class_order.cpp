// See class_order.h. What transformers' run_glue.py does with `label2id`, and a warning where it does nothing.
#include "retort/pretrained/class_order.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "retort/base/log.h"

namespace retort::pretrained {

namespace {

// Names are compared without regard to case and to how their words are joined.
std::string plain(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '-' || c == ' ' ? '_' : static_cast<char>(std::tolower(c)); });
  return name;
}

// Where each of the wanted names stands among the found ones; empty unless they are the same.
std::optional<std::vector<int64_t>> maybe_order(const std::vector<std::string>& found,
                                                const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const std::string& name : found) names.push_back(plain(name));
  std::vector<int64_t> order;
  for (const std::string& name : wanted)
    order.push_back(std::find(names.begin(), names.end(), plain(name)) - names.begin());
  std::vector<int64_t> sorted = order, all(found.size());
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0);
  return sorted == all ? std::optional(order) : std::nullopt;
}

// LABEL_0, LABEL_1, ...: what transformers calls classes that nobody named.
bool are_unnamed(const std::vector<std::string>& labels) {
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] != fmt::format("LABEL_{}", i)) return false;
  return true;
}

// "0 (negative), 1 (positive)".
std::string shown(const TaskClasses& classes) {
  std::vector<std::string> names = classes.names;
  for (size_t i = 0; i < classes.words.size(); ++i) names[i] += fmt::format(" ({})", classes.words[i]);
  return fmt::format("{}", fmt::join(names, ", "));
}

void warn_of_problem_type(const model::ModelConfig& config, const TaskClasses& classes) {
  const std::string wanted = classes.is_regression() ? "regression" : "single_label_classification";
  if (config.problem_type.empty() || config.problem_type == wanted) return;
  log_warning(
      "{}: field `problem_type` should be {} for this task, but is {}: the model was trained for something else",
      config.subject(), wanted, config.problem_type);
}

}  // namespace

std::vector<int64_t> find_class_order(const model::ModelConfig& config, const TaskClasses& classes, bool starts_anew) {
  const std::vector<std::string>& labels = config.labels;
  if (!classes.is_given() || labels.size() != classes.names.size()) return {};
  if (!starts_anew) warn_of_problem_type(config, classes);
  if (classes.is_regression()) return {};
  const auto by_name = maybe_order(labels, classes.names), by_word = maybe_order(labels, classes.words);
  const std::vector<int64_t> order = by_name ? *by_name : by_word.value_or(std::vector<int64_t>());
  if (order.empty() && !are_unnamed(labels))
    log_warning("{}: its labels {} are not those of the task, {}: they are taken for them in this order",
                config.subject(), fmt::join(labels, ", "), shown(classes));
  if (std::is_sorted(order.begin(), order.end())) return {};
  if (by_name)
    log_info("{}: its classes are put in the order {}", config.subject(), fmt::join(classes.names, ", "));
  else
    log_warning("{}: its labels {} do not stand in the order of the task, {}: its classes are put in that order",
                config.subject(), fmt::join(labels, ", "), shown(classes));
  return order;
}

void order_classes(model::Model& model, const std::vector<int64_t>& order) {
  for (const char* name : {"classifier.weight", "classifier.bias"}) {
    const kernel::NamedSlice* slice = model.parameters().find(name);
    if (slice == nullptr) continue;
    const at::Tensor values = model.parameters().tensor(*slice);
    const at::Tensor before = values.clone();
    for (size_t i = 0; i < order.size(); ++i) values[static_cast<int64_t>(i)].copy_(before[order[i]]);
  }
  model.parameters().refresh_operands();
}

}  // namespace retort::pretrained
