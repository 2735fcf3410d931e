// Evaluates a question-answering model on a SQuAD file.
//   retort evaluate squad --model DIR --dev_file dev-v1.1.json --output_dir OUT
// Reads a model folder and questions; writes predictions.json, nbest_predictions.json, null_odds.json (v2.0) and
// results.json with the official scores. A file with impossible questions is scored as v2.0; a file without answers is
// predicted and not scored.
#pragma once

#include "retort/pretrained/inference_config.h"
#include "retort/pretrained/model_source.h"
#include "retort/task/squad_config.h"

namespace retort::recipe {

struct EvaluateSquadConfig {
  pretrained::ModelSource model;
  task::SquadDataConfig data;
  pretrained::InferenceConfig inference;
  std::string output_dir;
  int64_t seed = 42;

  void fields(FieldList& list) {
    model.fields(list);
    data.fields(list, task::DataUse::kEvaluation);
    inference.fields(list);
    list.add("seed", seed, {.help = "Seed of the random sample of max_eval_examples.", .min = 0});
    list.group("Output");
    list.add("output_dir", output_dir, {.help = "Folder for predictions and scores.", .required = true});
  }
};

// Returns the scores.
Json evaluate_squad(const EvaluateSquadConfig& config);

}  // namespace retort::recipe
