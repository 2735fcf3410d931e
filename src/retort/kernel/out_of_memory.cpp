#include "retort/kernel/out_of_memory.h"

#include <c10/util/Exception.h>

#include <new>
#include <string_view>

#include "retort/kernel/caching_allocator.h"
#include "retort/kernel/open_device.h"

namespace retort::kernel {

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const DeviceLibrary* library = device_library();
  if (library != nullptr && library->is_out_of_memory != nullptr && library->is_out_of_memory(error)) return true;
  // LibTorch's own allocator for the processor throws a c10::Error with this text.
  return dynamic_cast<const c10::Error*>(&error) != nullptr &&
         std::string_view(error.what()).find("can't allocate memory") != std::string_view::npos;
}

void release_cached_memory() {
  release_cached_blocks();
  const DeviceLibrary* library = device_library();
  if (library != nullptr && library->release_cached_memory != nullptr) library->release_cached_memory();
}

}  // namespace retort::kernel
