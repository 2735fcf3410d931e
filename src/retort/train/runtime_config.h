// How a command runs its model, in training and in inference alike.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/kernel/precision.h"

namespace retort::train {

struct RuntimeConfig {
  std::string precision = "auto";  // "bf16", "fp32", or "auto": bf16 where the processor multiplies bfloat16
  std::string kernels = "fused";   // "fused" or "reference"
  int64_t threads = 0;             // 0: as many as the machine grants

  void fields(FieldList& list);
  kernel::Precision precision_kind() const { return kernel::parse_precision(precision); }
};

}  // namespace retort::train
