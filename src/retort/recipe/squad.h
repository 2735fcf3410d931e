// What the SQuAD recipes share: the settings of data and decoding, the path from a model and questions to predictions,
// and their files and scores.
#pragma once

#include "retort/base/fields.h"
#include "retort/base/file.h"
#include "retort/data/squad_set.h"
#include "retort/decode/squad_answers.h"
#include "retort/recipe/evaluation.h"
#include "retort/recipe/model_folder.h"

namespace retort::recipe {

struct SquadDataConfig {
  std::string train_file, dev_file;
  data::SquadFeatureOptions features;
  decode::SquadDecodeOptions decoding;
  data::CacheOptions cache;
  int64_t max_train_examples = -1, max_eval_examples = -1;
  int64_t per_device_eval_batch_size = 0;
  std::string on_bad_record = "fail";

  // `with_training` adds the training file and its flags.
  void fields(FieldList& list, bool with_training);
  data::SquadSource source(const std::string& file, int64_t max_examples, uint64_t seed, const model::Model& model) const;
};

struct SquadEvaluation {
  std::vector<decode::SquadPrediction> predictions;  // in the order of the examples
  EvaluationTiming timing;
};

// Predicts every question of the set.
SquadEvaluation predict_squad(const model::Model& model, const data::SquadEvaluationSet& set, const text::Tokenizer& tokenizer,
                              decode::SquadDecodeOptions options, const EvaluationRun& run);

// The official scores of the predictions, with the timing.
Json score_squad_evaluation(const data::SquadEvaluationSet& set, const SquadEvaluation& evaluation, bool version_2_with_negative);

}  // namespace retort::recipe
