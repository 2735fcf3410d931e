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
  int64_t passages = 0;
  int64_t seed = 42;
  int64_t threads = 0;

  void fields(FieldList& list) {
    list.group("Demo");
    list.add("model", model, {.help = "A pre-trained encoder's folder; default: the one that `make setup` installs."});
    list.add("output_dir", output_dir,
             {.help = "Folder for the questions and the model; an earlier demo in it is replaced."});
    list.add("passages", passages,
             {.help = "Training passages to make, with 4 questions each; 0: up to 700, as many as this machine "
                      "goes through in two minutes, which it measures first.",
              .min = 0});
    list.add("seed", seed, {.help = "Seed of the world and the training.", .min = 0});
    list.add("threads", threads, {.help = "Threads; 0: as many as the machine grants.", .min = 0, .max = 1024});
  }
};

// `show` takes lines for people (a table, answers). Returns scores, rates and the model folder of the teacher, and
// those of the students under "student_plain" and "student".
Json demo(const DemoConfig& config, const std::function<void(const std::string&)>& show);

}  // namespace retort::recipe
