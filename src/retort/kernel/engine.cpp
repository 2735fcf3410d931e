#include "retort/kernel/engine.h"

#include "retort/kernel/aten/engine.h"
#include "retort/kernel/cpu/engine.h"
#include "retort/kernel/device.h"
#include "retort/kernel/implementation.h"

namespace retort::kernel {

const Engine& engine() {
  static const CpuEngine fused;
  static const AtenEngine expressions;
  const bool is_fused = device().is_cpu() && implementation() == Implementation::kFused;
  return is_fused ? static_cast<const Engine&>(fused) : expressions;
}

}  // namespace retort::kernel
