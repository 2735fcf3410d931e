// The whole journey in two minutes, with nothing but a pre-trained encoder: makes a small question-answering world,
// fine-tunes on it, evaluates with the official metric, saves, reloads, and answers questions.
//   retort demo
// Reads a model folder (default: the MiniLM-L6 that `make setup` installs); writes <output_dir>/{train,dev}.json and
// <output_dir>/model.
#pragma once

#include <functional>

#include "retort/recipe/finetune_squad.h"

namespace retort::recipe {

struct DemoConfig {
  std::string model, output_dir = "retort-demo";
  int64_t passages = 700;
  int64_t seed = 42;
  int64_t threads = 0;

  void fields(FieldList& list);
};

// `show` takes lines for people (a table, answers). Returns scores, rates and the model folder.
Json demo(const DemoConfig& config, const std::function<void(const std::string&)>& show);

}  // namespace retort::recipe
