#include "far_device/memory.h"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace retort::far_device {

namespace {

constexpr size_t kRange = size_t{64} << 30, kSmallestBlock = 64;
constexpr int64_t kDefaultLimit = int64_t{8} << 30;

// Eight sizes for each doubling.
size_t block_size(size_t bytes) {
  const size_t step = std::max(kSmallestBlock, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

int64_t limit_of_environment() {
  const char* text = std::getenv("RETORT_FAR_BYTES");
  return text ? std::strtoll(text, nullptr, 10) : kDefaultLimit;
}

char* map_range(int file, int protection) {
  void* range = mmap(nullptr, kRange, protection, MAP_SHARED | MAP_NORESERVE, file, 0);
  TORCH_CHECK(range != MAP_FAILED, "the far device cannot map its memory: ", std::strerror(errno));
  return static_cast<char*>(range);
}

class FarMemory final : public c10::Allocator {
 public:
  FarMemory() {
    const int file = memfd_create("retort_far_device", MFD_CLOEXEC);
    TORCH_CHECK(file >= 0 && ftruncate(file, kRange) == 0,
                "the far device cannot make its memory: ", std::strerror(errno));
    far_ = map_range(file, PROT_NONE);
    near_ = map_range(file, PROT_READ | PROT_WRITE);
    close(file);
  }

  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, kFar};
    const size_t size = block_size(bytes);
    void* block = far_ + take_block(size);
    std::memset(readable(block), 0xFF, size);
    return {block, block, [](void* freed) { static_cast<FarMemory*>(memory())->release(freed); }, kFar};
  }

  void copy_data(void* to, const void* from, size_t bytes) const override {
    std::memcpy(readable(to), readable(from), bytes);
  }

  void* readable(const void* address) const {
    if (address == nullptr) return nullptr;
    const auto* byte = static_cast<const char*>(address);
    TORCH_CHECK(byte >= far_ && byte < far_ + kRange, "the address is not one of the far device's memory");
    return near_ + (byte - far_);
  }

  MemoryState state() {
    const std::lock_guard lock(mutex_);
    return {allocated_, peak_, limit_};
  }

  void set_limit(int64_t bytes) {
    const std::lock_guard lock(mutex_);
    limit_ = bytes;
  }

  void reset_peak() {
    const std::lock_guard lock(mutex_);
    peak_ = allocated_;
  }

  void release_free_pages() {
    const std::lock_guard lock(mutex_);
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    for (const auto& [size, offsets] : free_) {
      for (const size_t offset : offsets) {
        const size_t begin = (offset + page - 1) / page * page, end = (offset + size) / page * page;
        if (begin < end) madvise(near_ + begin, end - begin, MADV_REMOVE);
      }
    }
  }

 private:
  // The offset of a block within the range.
  size_t take_block(size_t size) {
    const std::lock_guard lock(mutex_);
    const int64_t total = allocated_ + static_cast<int64_t>(size);
    if (total > limit_ || (free_[size].empty() && used_range_ + size > kRange))
      C10_THROW_ERROR(OutOfMemoryError, c10::str("the far device is out of memory: ", size, " bytes are asked for, ",
                                                 allocated_, " of ", limit_, " are allocated"));
    allocated_ = total, peak_ = std::max(peak_, total);
    std::vector<size_t>& blocks = free_[size];
    const size_t offset = blocks.empty() ? used_range_ : blocks.back();
    blocks.empty() ? void(used_range_ += size) : blocks.pop_back();
    sizes_[offset] = size;
    return offset;
  }

  void release(void* block) {
    const std::lock_guard lock(mutex_);
    const size_t offset = static_cast<size_t>(static_cast<char*>(block) - far_), size = sizes_.at(offset);
    allocated_ -= static_cast<int64_t>(size);
    free_[size].push_back(offset);
  }

  char *far_, *near_;
  std::mutex mutex_;
  std::map<size_t, std::vector<size_t>> free_;  // offsets of free blocks by size
  std::map<size_t, size_t> sizes_;              // of blocks by offset
  size_t used_range_ = 0;
  int64_t allocated_ = 0, peak_ = 0, limit_ = limit_of_environment();
};

// Memory of the processor that is_pinned() knows.
class PinnedMemory final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* block = c10::GetCPUAllocator()->raw_allocate(bytes);
    const std::lock_guard lock(mutex_);
    blocks_.insert(block);
    return {block, block, [](void* freed) { static_cast<PinnedMemory*>(pinned_memory())->release(freed); }, c10::kCPU};
  }
  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }

  bool holds(const void* address) {
    const std::lock_guard lock(mutex_);
    return address && blocks_.count(address);
  }

 private:
  void release(void* block) {
    const std::lock_guard lock(mutex_);
    blocks_.erase(block);
    c10::GetCPUAllocator()->raw_deallocate(block);
  }

  std::mutex mutex_;
  std::set<const void*> blocks_;
};

// Both live as long as the process, since tensors may be freed at its very end.
FarMemory& far_memory() {
  static FarMemory& memory = *new FarMemory;
  return memory;
}

PinnedMemory& pinned() {
  static PinnedMemory& memory = *new PinnedMemory;
  return memory;
}

}  // namespace

c10::Allocator* memory() { return &far_memory(); }
c10::Allocator* pinned_memory() { return &pinned(); }
bool is_pinned(const void* address) { return pinned().holds(address); }
void* readable(const void* address) { return far_memory().readable(address); }
MemoryState memory_state() { return far_memory().state(); }
void set_memory_limit(int64_t bytes) { far_memory().set_limit(bytes); }
void reset_peak() { far_memory().reset_peak(); }
void release_free_memory() { far_memory().release_free_pages(); }

}  // namespace retort::far_device
