// `retort data features glue`: GLUE task files -> feature cache, and a summary of it.
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

// Makes the features or loads them from the cache. The result counts examples, tokens and labels, and how many examples
// were truncated or skipped.
Json make_glue_features(const GlueFeaturesConfig& config);

}  // namespace retort::cli
