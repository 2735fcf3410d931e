// The whole workflow in some minutes, with only a pre-trained encoder: makes a small question-answering data set,
// fine-tunes a teacher on it, extracts a student with half of the layers and trains it with and without soft targets,
// evaluates all models with the official metric, and answers questions.
//   retort demo
// Reads a model folder (default: the MiniLM-L6 that `make setup` installs); writes <output_dir>/{train,dev}.json and
// the model folders <output_dir>/{model,student-start,student-plain,student}.
#pragma once

#include <functional>

#include "retort/recipe/finetune_squad.h"

namespace retort::recipe {

struct DemoConfig {
  std::string model, output_dir = "retort-demo";
  int64_t passages = 0;
  int64_t seed = 42;
  int64_t threads = 0;

  void fields(FieldList& list) {
    list.group("Demo");
    list.add("model", model, {.help = "A pre-trained encoder's folder; default: the one that `make setup` installs."});
    list.add("output_dir", output_dir,
             {.help = "Folder for the questions and the model; an earlier demo in it is replaced."});
    list.add("passages", passages,
             {.help = "Training passages to make, with 4 questions each; 0: up to 700, depending on what this machine "
                      "trains on in two minutes, which is measured first.",
              .min = 0});
    list.add("seed", seed, {.help = "Seed of the questions and of training.", .min = 0});
    list.add("threads", threads, {.help = "Threads; 0: all CPUs available to the process.", .min = 0, .max = 1024});
  }
};

// `show` receives lines of text (a table, answers). Returns scores, rates, the model folder of the teacher, and those
// of the students under "student_plain" and "student".
Json demo(const DemoConfig& config, const std::function<void(const std::string&)>& show);

}  // namespace retort::recipe
