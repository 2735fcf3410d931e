// About how much memory a training pass takes, from the shape of a model.
#pragma once

#include <cstdint>

#include "retort/model/model.h"

namespace retort::model {

// Bytes of the tensors that the forward and backward pass of this many tokens hold at their peak, besides parameters
// and gradients. Attention keeps no scores, so they are proportional to tokens. A masked-LM head counts with a fifth of
// the tokens. Losses that compare hidden states, and teachers, are not counted.
int64_t activation_bytes(const Model& model, int64_t tokens);

}  // namespace retort::model
