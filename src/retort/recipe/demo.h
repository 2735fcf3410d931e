// The whole journey in some minutes, with nothing but a pre-trained encoder: makes a small question-answering world,
// fine-tunes a teacher on it, cuts a student of half the layers out of the teacher and trains it with and without its
// soft targets, evaluates all with the official metric, and answers questions.
//   retort demo
// Reads a model folder (default: the MiniLM-L6 that `make setup` installs); writes <output_dir>/{train,dev}.json and
// the model folders <output_dir>/{model,student-start,student-plain,student}.
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

// `show` takes lines for people (a table, answers). Returns scores, rates and the model folder of the teacher, and
// those of the students under "student_plain" and "student".
Json demo(const DemoConfig& config, const std::function<void(const std::string&)>& show);

}  // namespace retort::recipe
