// See class_order.h. Like transformers' run_glue.py with `label2id`, but warns of the cases that it ignores.
#include "retort/pretrained/class_order.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "retort/base/log.h"

namespace retort::pretrained {

namespace {

// Lower-cases a name and removes the characters that join its words.
std::string normalized_name(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '-' || c == ' ' ? '_' : static_cast<char>(std::tolower(c)); });
  return name;
}

// Returns the index among the found names of each wanted name; empty unless both are the same set.
std::optional<std::vector<int64_t>> maybe_order(const std::vector<std::string>& found,
                                                const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const std::string& name : found) names.push_back(normalized_name(name));
  std::vector<int64_t> order;
  for (const std::string& name : wanted)
    order.push_back(std::find(names.begin(), names.end(), normalized_name(name)) - names.begin());
  std::vector<int64_t> sorted = order, all(found.size());
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0);
  return sorted == all ? std::optional(order) : std::nullopt;
}

// Returns whether the names are LABEL_0, LABEL_1, ..., which transformers uses for classes without names.
bool are_unnamed(const std::vector<std::string>& labels) {
  for (size_t i = 0; i < labels.size(); ++i)
    if (labels[i] != fmt::format("LABEL_{}", i)) return false;
  return true;
}

// Returns "0 (negative), 1 (positive)".
std::string shown(const TaskClasses& classes) {
  std::vector<std::string> names = classes.names;
  for (size_t i = 0; i < classes.words.size(); ++i) names[i] += fmt::format(" ({})", classes.words[i]);
  return fmt::format("{}", fmt::join(names, ", "));
}

void warn_of_problem_type(const model::ModelConfig& config, const TaskClasses& classes) {
  const std::string wanted = classes.is_regression() ? "regression" : "single_label_classification";
  if (config.problem_type.empty() || config.problem_type == wanted) return;
  log_warning("{}: field `problem_type` should be {} for this task, but is {}; the model was trained for another task",
              config.subject(), wanted, config.problem_type);
}

}  // namespace

std::vector<int64_t> find_class_order(const model::ModelConfig& config, const TaskClasses& classes, bool is_new_task) {
  const std::vector<std::string>& labels = config.labels;
  if (!classes.is_given() || labels.size() != classes.names.size()) return {};
  if (!is_new_task) warn_of_problem_type(config, classes);
  if (classes.is_regression()) return {};
  const auto by_name = maybe_order(labels, classes.names), by_word = maybe_order(labels, classes.words);
  const std::vector<int64_t> order = by_name ? *by_name : by_word.value_or(std::vector<int64_t>());
  if (order.empty() && !are_unnamed(labels))
    log_warning("{}: its labels {} are not those of the task, {}; they are matched with them in this order",
                config.subject(), fmt::join(labels, ", "), shown(classes));
  if (std::is_sorted(order.begin(), order.end())) return {};
  if (by_name)
    log_info("{}: its classes are reordered to {}", config.subject(), fmt::join(classes.names, ", "));
  else
    log_warning("{}: the order of its labels {} is not that of the task, {}; its classes are reordered",
                config.subject(), fmt::join(labels, ", "), shown(classes));
  return order;
}

void reorder_classes(model::Model& model, const std::vector<int64_t>& order) {
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
