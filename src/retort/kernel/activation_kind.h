// The activations that an encoder may use. The header has no other content, because the CPU kernels include it too.
#pragma once

namespace retort::kernel {

enum class Activation { kGeluErf, kGeluTanh, kRelu, kSwish, kTanh };

}  // namespace retort::kernel
