// The names of a task's classes.
#pragma once

#include <string>
#include <vector>

namespace retort::pretrained {

// The classes of a task in its order: their names in the task's files and the words for them on the hub ("negative" for
// "0"). No words: the names are also the words. One name: regression.
struct TaskClasses {
  std::vector<std::string> names = {}, words = {};
  bool is_given() const { return !names.empty(); }
  bool is_regression() const { return names.size() == 1; }
};

}  // namespace retort::pretrained
