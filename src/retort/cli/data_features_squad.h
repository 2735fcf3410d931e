// `retort data features squad`: SQuAD files -> feature caches, and a summary of them.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/data/squad/squad_set.h"

namespace retort::cli {

struct SquadFeaturesConfig {
  std::string train_file, dev_file, model, on_bad_record = "fail";
  int64_t max_train_examples = -1, seed = 42;
  data::SquadFeatureOptions features;
  data::CacheOptions cache;

  void fields(FieldList& list);
};

// Makes the features of either or both files, or loads them from the cache. The result counts questions, features,
// tokens and skipped questions per file.
Json make_squad_features(const SquadFeaturesConfig& config);

}  // namespace retort::cli
