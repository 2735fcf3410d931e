// `retort data features glue`: files of a GLUE task -> feature cache, and what is in it.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/data/glue/glue_set.h"

namespace retort::cli {

struct GlueFeaturesConfig {
  std::string task_name, data_dir, model, split = "train", on_bad_record = "fail";
  int64_t max_examples = -1, seed = 42;
  data::GlueFeatureOptions features;
  data::CacheOptions cache;

  void fields(FieldList& list);
};

// Makes the features, or finds them in the cache. The result counts rows, tokens, labels and what was cut or left out.
Json make_glue_features(const GlueFeaturesConfig& config);

}  // namespace retort::cli
