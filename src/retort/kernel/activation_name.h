// Names of activations in config.json. The header needs no tensor type, so a program that only reads config.json links
// no tensor operation.
#pragma once

#include <string>

#include "retort/kernel/activation_kind.h"

namespace retort::kernel {

// The activation by its name in config.json: gelu (erf), gelu_new / gelu_pytorch_tanh / gelu_fast (tanh form), relu,
// swish / silu, tanh. Throws UserError for other names.
Activation parse_activation(const std::string& name);

}  // namespace retort::kernel
