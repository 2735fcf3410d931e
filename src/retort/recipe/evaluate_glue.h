// Evaluates a classification or regression model on a GLUE task.
//   retort evaluate glue --task_name mrpc --data_dir DIR --model DIR --output_dir OUT
// Reads a model folder and the task's dev files; writes predictions_<task>.tsv, the submission file if there is a test
// file, and results.json.
#pragma once

#include "retort/pretrained/inference_config.h"
#include "retort/pretrained/model_source.h"
#include "retort/task/glue_config.h"

namespace retort::recipe {

struct EvaluateGlueConfig {
  pretrained::ModelSource model;
  task::GlueDataConfig data;
  pretrained::InferenceConfig inference;
  bool do_predict = false;
  std::string output_dir;
  int64_t seed = 42;

  void fields(FieldList& list) {
    model.fields(list);
    data.fields(list, task::DataUse::kEvaluation);
    list.add("seed", seed, {.help = "Seed of the random sample of max_eval_examples.", .min = 0});
    inference.fields(list);
    list.group("Output");
    list.add("do_predict", do_predict, {.help = "Also predict the test file and write a GLUE submission file."});
    list.add("output_dir", output_dir, {.help = "Folder for predictions and scores.", .required = true});
  }
};

// Returns the scores.
Json evaluate_glue(const EvaluateGlueConfig& config);

}  // namespace retort::recipe
