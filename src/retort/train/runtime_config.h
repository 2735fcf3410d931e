// How a command runs its model, in training and in inference alike.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/kernel/precision.h"

namespace retort::train {

struct RuntimeConfig {
  std::string device = "auto";     // as kernel::parse_device_name takes it
  std::string precision = "auto";  // "bf16", "fp32", or "auto": bf16 where the device multiplies bfloat16
  bool tf32 = false;
  std::string kernels = "fused";  // "fused" or "reference"
  int64_t threads = 0;            // 0: as many as the machine grants

  void fields(FieldList& list);
  kernel::Precision precision_kind() const { return kernel::parse_precision(precision); }
};

}  // namespace retort::train
