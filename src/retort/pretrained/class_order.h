// Matches the classes of a model with those of a task by their names, in any order.
#pragma once

#include <cstdint>
#include <vector>

#include "retort/model/model.h"
#include "retort/pretrained/task_classes.h"

namespace retort::pretrained {

// Returns the index in the model of each class of the task. Returns an empty vector when the orders are equal, when the
// numbers of classes differ, and when the model's names are generic (LABEL_0) or unrelated. Warns of a `problem_type`
// that is not the task's and of names that fit only in part, unless `is_new_task`.
std::vector<int64_t> find_class_order(const model::ModelConfig& config, const TaskClasses& classes, bool is_new_task);

// Reorders the rows of the classifier accordingly.
void reorder_classes(model::Model& model, const std::vector<int64_t>& order);

}  // namespace retort::pretrained
