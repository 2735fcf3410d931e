// Beside activation.cpp, so that a program which only reads config.json links no tensor operations.
#include "retort/base/error.h"
#include "retort/kernel/activation.h"

namespace retort::kernel {

Activation parse_activation(const std::string& name) {
  if (name == "gelu" || name == "gelu_python") return Activation::kGeluErf;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast" || name == "gelu_tanh" ||
      name == "gelu_accurate" || name == "gelu_python_tanh")
    return Activation::kGeluTanh;
  if (name == "relu") return Activation::kRelu;
  if (name == "swish" || name == "silu") return Activation::kSwish;
  if (name == "tanh") return Activation::kTanh;
  throw UserError("`hidden_act` must be gelu, gelu_new, relu, swish, silu or tanh, but is `{}`", name);
}

}  // namespace retort::kernel
