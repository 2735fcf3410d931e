// Shared by the SQuAD commands: predicts and scores.
#pragma once

#include "retort/data/squad/squad_set.h"
#include "retort/pretrained/model_folder.h"
#include "retort/task/evaluation.h"
#include "retort/task/squad_config.h"

namespace retort::task {

// Returns a file of `config` with all settings that determine its features.
data::SquadSource squad_source(const SquadDataConfig& config, const std::string& file, int64_t max_examples,
                               uint64_t seed, const model::Model& model);

struct SquadEvaluation {
  std::vector<decode::SquadPrediction> predictions;  // in the order of the examples
  EvaluationTiming timing;
};

// Predicts every question of the set; `options` select v1.1 or v2.0.
SquadEvaluation predict_squad(const model::Model& model, const data::SquadEvaluationSet& set,
                              const text::Tokenizer& tokenizer, decode::SquadDecodeOptions options,
                              const EvaluationRun& run);

// Returns whether the data is SQuAD v2.0: it has answers, and questions without an answer.
bool is_version_2(const data::SquadData& data);

// Returns the official scores of the predictions, with the timing. Without gold answers, warns with the name `file` and
// returns {"questions", "scored": 0} instead.
Json score_squad_evaluation(const data::SquadEvaluationSet& set, const SquadEvaluation& evaluation,
                            bool version_2_with_negative, const std::string& file);

// Predicts or scores the dev set of a training command, as its flags say.
SquadEvaluation predict_dev(const pretrained::LoadedModel& loaded, const SquadDataConfig& config,
                            const data::SquadEvaluationSet& dev, int64_t max_tokens_per_batch);
Json evaluate_dev(const pretrained::LoadedModel& loaded, const SquadDataConfig& config,
                  const data::SquadEvaluationSet& dev, int64_t max_tokens_per_batch);

}  // namespace retort::task
