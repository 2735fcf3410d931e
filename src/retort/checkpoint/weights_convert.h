// Element type conversion of weights: any floating-point type of a file to fp32, and fp32 to bf16 for writing.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "retort/checkpoint/named_tensor.h"

namespace retort::checkpoint {

// Converts the tensor's values to fp32, row-major: F32 is copied, F16 and BF16 are exact, F64 is rounded to nearest
// even; NaN and infinity are kept. `out` has element_count() elements. Parallel. Throws UserError for integer types
// (quantized models); the message names `file` unless it is empty.
void to_float32(const NamedTensor& tensor, std::span<float> out, const std::string& file = "");
// Converts model weights; throws DivergenceError that names `file` and the tensor when a value is not finite.
void to_finite_float32(const NamedTensor& tensor, std::span<float> out, const std::string& file);

// Converts to bf16 bits, rounded to nearest even; NaN becomes a quiet NaN. `out` has as many elements as `values`.
void to_bfloat16(std::span<const float> values, std::span<uint16_t> out);

}  // namespace retort::checkpoint
