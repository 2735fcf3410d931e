// Values of a device in host memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>

namespace retort::kernel {

// Calls `edit` with the values of a contiguous float32 tensor in host memory, and brings them back where they lie on
// another device.
void edit_on_host(const at::Tensor& values, const std::function<void(std::span<float>)>& edit);

}  // namespace retort::kernel
