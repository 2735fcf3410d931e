// LayerNorm(residual + dropout(y + bias)), which ends every sub-layer of a post-norm encoder.
#pragma once

#include <ATen/core/Tensor.h>

#include "retort/kernel/dropout_mask.h"
#include "retort/kernel/parameters.h"
#include "retort/kernel/token_rows.h"

namespace retort::kernel {

struct NormWeights {
  const Weight* gamma = nullptr;  // [H]
  const Weight* beta = nullptr;   // [H]
  double epsilon = 1e-12;
};

// y [T, H], bias [H] or null, residual [T, H] or undefined -> [T, H]. Statistics are in float32 with the biased
// variance. Dropout needs rows.keys.
at::Tensor add_norm(const at::Tensor& y, const Weight* bias, const at::Tensor& residual, const NormWeights& norm,
                    const TokenRows& rows, const Dropout& dropout);

}  // namespace retort::kernel
