// What the classes of a task are called.
#pragma once

#include <string>
#include <vector>

namespace retort::pretrained {

// The classes of a task in its order, by the names that its files have and by the words that stand for them on the hub
// ("negative" for "0"); no words: the names say all. One name: regression.
struct TaskClasses {
  std::vector<std::string> names = {}, words = {};
  bool is_given() const { return !names.empty(); }
  bool is_regression() const { return names.size() == 1; }
};

}  // namespace retort::pretrained
