#include "retort/kernel/cpu/thread_scratch.h"

#include <cstdint>
#include <memory>

namespace retort::kernel::cpu {

void* thread_scratch(size_t bytes) {
  thread_local std::unique_ptr<char[]> scratch;
  thread_local size_t scratch_bytes = 0;
  if (scratch_bytes < bytes + 64) scratch.reset(new char[bytes + 64]), scratch_bytes = bytes + 64;
  return reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(scratch.get()) + 63) / 64 * 64);
}

}  // namespace retort::kernel::cpu
