// The precision that a model computes in.
#pragma once

#include <string>

namespace retort::kernel {

// kBf16: activations and matmul operands are bfloat16; parameters, statistics and sums stay float32.
enum class Precision { kFloat32, kBf16 };

// Parses "fp32", "bf16", or "auto": bf16 where device() multiplies bfloat16, else fp32. Throws UserError for other
// words.
Precision parse_precision(const std::string& word);

}  // namespace retort::kernel
