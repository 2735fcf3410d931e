// Settings of everything that only runs a model.
#pragma once

#include "retort/base/fields.h"
#include "retort/kernel/precision.h"

namespace retort::pretrained {

struct InferenceConfig {
  std::string precision = "auto";
  int64_t max_tokens_per_batch = 8192;
  std::string kernels = "fused";
  int64_t threads = 0;

  void fields(FieldList& list);
  kernel::Precision precision_kind() const { return kernel::parse_precision(precision); }
};

}  // namespace retort::pretrained
