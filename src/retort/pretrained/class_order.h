// The classes of a model beside those of a task: known by their names, whatever their order.
#pragma once

#include <cstdint>
#include <vector>

#include "retort/model/model.h"
#include "retort/pretrained/task_classes.h"

namespace retort::pretrained {

// Where each class of the task stands among those of the model: the place of the first, the second, ... Empty when they
// stand so already, when their number differs, and when their names say nothing (LABEL_0) or something else. What else
// names tell, and a `problem_type` that is not the task's, are warned of, unless `starts_anew`.
std::vector<int64_t> find_class_order(const model::ModelConfig& config, const TaskClasses& classes, bool starts_anew);

// Puts the rows of the classifier into that order.
void order_classes(model::Model& model, const std::vector<int64_t>& order);

}  // namespace retort::pretrained
