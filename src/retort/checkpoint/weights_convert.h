// Element types of weights: whatever floating-point type a file has becomes fp32, and fp32 becomes bf16 for writing.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "retort/checkpoint/named_tensor.h"

namespace retort::checkpoint {

// The tensor's values as fp32, row-major: F32 copied, F16 and BF16 exactly, F64 rounded to nearest even; NaN and
// infinity stay so. `out` has element_count() places. Several threads. Throws UserError for whole-number types: such
// a tensor belongs to a quantized model; the message names `file`, unless that is empty.
void to_float32(const NamedTensor& tensor, std::span<float> out, const std::string& file = "");
// The same for weights of a model; throws DivergenceError that names `file` and the tensor where a value is not finite.
void to_finite_float32(const NamedTensor& tensor, std::span<float> out, const std::string& file);

// bf16 bits of each value, rounded to nearest even; NaN stays NaN (made quiet). Same number of places in and out.
void to_bfloat16(std::span<const float> values, std::span<uint16_t> out);

}  // namespace retort::checkpoint
