// How a command runs its model, in training and in inference alike.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/kernel/precision.h"

namespace retort::train {

struct RuntimeConfig {
  std::string device = "auto";     // as kernel::parse_device_name takes it
  std::string precision = "auto";  // "bf16", "fp16", "fp32", or "auto": bf16 where the device multiplies bfloat16
  // Lists of mixed precision; see kernel/op_lists.h.
  std::string hmp_bf16 = "bert", hmp_fp32 = "bert", hmp_opt_level = "O1";
  bool hmp_verbose = false;
  bool tf32 = false;
  std::string kernels = "fused";  // "fused" or "reference"
  int64_t threads = 0;            // 0: as many as the machine grants

  void fields(FieldList& list);
};

}  // namespace retort::train
