// The memory of the far device: one range of memory at two addresses. Tensors hold the address that no one may touch;
// the device's own operations compute the other from it.
#pragma once

#include <c10/core/Allocator.h>

#include <cstdint>

namespace retort::far_device {

inline const c10::Device kFar(c10::DeviceType::PrivateUse1, 0);

c10::Allocator* memory();         // fills what it gives with 0xFF, which is NaN in every floating type
c10::Allocator* pinned_memory();  // of the processor
bool is_pinned(const void* address);
void* readable(const void* address);  // the other address of device memory; null for null

struct MemoryState {
  int64_t allocated_bytes, peak_bytes, limit_bytes;
};
MemoryState memory_state();
void set_memory_limit(int64_t bytes);
void reset_peak();
void release_free_memory();  // returns the pages of freed blocks to the system

}  // namespace retort::far_device
