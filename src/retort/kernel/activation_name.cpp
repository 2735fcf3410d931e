#include "retort/kernel/activation_name.h"

#include "retort/base/error.h"

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
