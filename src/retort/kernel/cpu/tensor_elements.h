// Typed access to the elements of a tensor.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/base/error.h"
#include "retort/kernel/cpu/kernel_arguments.h"

namespace retort::kernel::cpu {

// The elements of a contiguous tensor as T (float, Bf16 or int64_t); null for an undefined tensor.
template <typename T>
T* data_ptr(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<T*>(tensor.data_ptr()) : nullptr;
}

// Calls body(T{}) with T = float or Bf16, the type of the tensor's elements.
template <typename Body>
auto dispatch_element_type(const at::Tensor& tensor, Body&& body) {
  if (tensor.scalar_type() == at::kBFloat16) return body(Bf16{});
  RETORT_CHECK(tensor.scalar_type() == at::kFloat, "fused operations take float32 or bfloat16");
  return body(float{});
}

}  // namespace retort::kernel::cpu
