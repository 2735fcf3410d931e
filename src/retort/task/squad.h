// What the SQuAD recipes share: the path from a model and questions to predictions and scores.
#pragma once

#include "retort/data/squad/squad_set.h"
#include "retort/pretrained/model_folder.h"
#include "retort/task/evaluation.h"
#include "retort/task/squad_config.h"

namespace retort::task {

// One of the files of `config` with everything that decides about its features.
data::SquadSource squad_source(const SquadDataConfig& config, const std::string& file, int64_t max_examples,
                               uint64_t seed, const model::Model& model);

struct SquadEvaluation {
  std::vector<decode::SquadPrediction> predictions;  // in the order of the examples
  EvaluationTiming timing;
};

// Predicts every question of the set; `options` decide about v2.0.
SquadEvaluation predict_squad(const model::Model& model, const data::SquadEvaluationSet& set,
                              const text::Tokenizer& tokenizer, decode::SquadDecodeOptions options,
                              const EvaluationRun& run);

// Whether it is SQuAD v2.0: has answers, and questions without one.
bool is_version_2(const data::SquadData& data);

// The official scores of the predictions, with the timing. Of a file without answers, after a warning that names
// `file`, {"questions", "scored": 0} in their place.
Json score_squad_evaluation(const data::SquadEvaluationSet& set, const SquadEvaluation& evaluation,
                            bool version_2_with_negative, const std::string& file);

// What the flags of a training command say about its dev set: predictions and, with them, scores.
SquadEvaluation predict_dev(const pretrained::LoadedModel& loaded, const SquadDataConfig& config,
                            const data::SquadEvaluationSet& dev, int64_t max_tokens_per_batch);
Json evaluate_dev(const pretrained::LoadedModel& loaded, const SquadDataConfig& config,
                  const data::SquadEvaluationSet& dev, int64_t max_tokens_per_batch);

}  // namespace retort::task
