// The type of activations and matmul operands in a precision.
#pragma once

#include <c10/core/ScalarType.h>

#include "retort/kernel/precision.h"

namespace retort::kernel {

inline at::ScalarType element_type(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return at::kBFloat16;
    case Precision::kFp16:
      return at::kHalf;
    case Precision::kFloat32:
      break;
  }
  return at::kFloat;
}

}  // namespace retort::kernel
