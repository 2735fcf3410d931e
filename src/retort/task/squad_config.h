// The flags of SQuAD data and of decoding.
#pragma once

#include "retort/base/fields.h"
#include "retort/data/feature_cache.h"
#include "retort/data/squad/squad_features.h"
#include "retort/decode/squad_answers.h"
#include "retort/task/data_use.h"

namespace retort::task {

struct SquadDataConfig {
  std::string train_file, dev_file, data_dir;
  data::SquadFeatureOptions features;
  decode::SquadDecodeOptions decoding;
  data::CacheOptions cache;
  int64_t max_train_examples = -1, max_eval_examples = -1;
  int64_t per_device_eval_batch_size = 0;
  std::string on_bad_record = "fail";

  void fields(FieldList& list, DataUse use);
  const char* version() const { return features.version_2_with_negative ? "v2.0" : "v1.1"; }
  // Returns the settings with the files that exist in data_dir in place of missing file flags. Throws UserError without
  // a training file.
  SquadDataConfig with_files() const;
};

}  // namespace retort::task
