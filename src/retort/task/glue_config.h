// The flags of GLUE data.
#pragma once

#include "retort/base/fields.h"
#include "retort/data/feature_cache.h"
#include "retort/data/glue/glue_features.h"
#include "retort/pretrained/task_classes.h"
#include "retort/task/data_use.h"

namespace retort::task {

struct GlueDataConfig {
  std::string task_name, data_dir;
  data::GlueFeatureOptions features;
  data::CacheOptions cache;
  int64_t max_train_examples = -1, max_eval_examples = -1;
  int64_t per_device_eval_batch_size = 0;
  bool aug_train = false;
  std::string on_bad_record = "fail";

  void fields(FieldList& list, DataUse use);
  const data::GlueTask& task() const { return data::find_glue_task(task_name); }
  std::vector<std::string> label_names() const;  // for config.json; one name for regression
  pretrained::TaskClasses classes() const;
};

}  // namespace retort::task
