// The flags of commands that only run a model.
#pragma once

#include "retort/train/runtime_config.h"

namespace retort::pretrained {

struct InferenceConfig : train::RuntimeConfig {
  int64_t max_tokens_per_batch = 8192;

  void fields(FieldList& list);
};

}  // namespace retort::pretrained
