// The precision that a model computes in.
#pragma once

#include <string>

namespace retort::kernel {

// kBf16: activations and matmul operands are bfloat16; parameters, statistics and sums stay float32. kFp16: the same in
// half precision, whose small range needs a loss scale in training.
enum class Precision { kFloat32, kBf16, kFp16 };

// Parses "fp32", "bf16", "fp16", or "auto": bf16 where device() multiplies bfloat16, else fp32. Throws UserError for
// other words, and for fp16 with the fused loops of the processor, which have none.
Precision parse_precision(const std::string& word);

}  // namespace retort::kernel
