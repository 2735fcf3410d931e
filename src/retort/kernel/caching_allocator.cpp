#include "retort/kernel/caching_allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <vector>

namespace retort::kernel {

namespace {

constexpr size_t kAlignment = 64, kMinCachedBlock = 64 * 1024, kHugePage = 2 * 1024 * 1024;
constexpr size_t kMinCachedBytes = 64 * 1024 * 1024;  // bytes of cached blocks that are never returned to the system

// The next size in a series of eight steps for each doubling.
size_t size_class(size_t bytes) {
  const size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

// Null when there is no memory.
void* maybe_allocate(size_t bytes, size_t alignment) {
  void* block = nullptr;
  return posix_memalign(&block, alignment, bytes) == 0 ? block : nullptr;
}

class BlockCache {
 public:
  void* allocate(size_t bytes) {
    const size_t size = size_class(bytes);
    const std::lock_guard lock(mutex_);
    // Takes the smallest cached block that fits, up to twice the size: the system would have to zero a new block.
    const auto found = cached_.lower_bound(size);
    if (found != cached_.end() && found->first <= 2 * size) {
      void* block = found->second.block;
      cached_bytes_ -= found->first;
      count_allocated(found->first);
      cached_.erase(found);
      return block;
    }
    const size_t peak = std::max(peak_allocated_, allocated_ + size);
    while (cached_bytes_ > kMinCachedBytes && allocated_ + size + cached_bytes_ > peak + peak / 4) return_oldest();
    const bool is_large = size >= 2 * kHugePage;
    void* block = allocate_new(size, is_large ? kHugePage : kAlignment);
    count_allocated(size);
    if (is_large) madvise(block, size, MADV_HUGEPAGE);  // a hint: fewer page faults where the system follows it
    sizes_[block] = size;
    return block;
  }

  // Returns false when the block did not come from the cache.
  bool release(void* block) {
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(block);
    if (found == sizes_.end()) return false;
    cached_.emplace(found->second, CachedBlock{block, release_count_++});
    allocated_ -= found->second, cached_bytes_ += found->second;
    return true;
  }

  void release_all() {
    const std::lock_guard lock(mutex_);
    return_all();
  }

  void limit(size_t most) {
    const std::lock_guard lock(mutex_);
    most_bytes_ = most;
    return_all();
  }

  AllocatorStats counts() {
    const std::lock_guard lock(mutex_);
    return {static_cast<int64_t>(allocated_), static_cast<int64_t>(cached_bytes_)};
  }

 private:
  struct CachedBlock {
    void* block;
    uint64_t order;  // of the free; the lowest is the oldest
  };

  // Cached blocks may be in the way of a new one: in size, or because memory is short.
  void* allocate_new(size_t size, size_t alignment) {
    if (allocated_ + cached_bytes_ + size > most_bytes_) return_all();
    if (allocated_ + size > most_bytes_) throw std::bad_alloc();
    void* block = maybe_allocate(size, alignment);
    if (block == nullptr) return_all(), block = maybe_allocate(size, alignment);
    return block != nullptr ? block : throw std::bad_alloc();
  }

  void return_all() {
    for (const auto& [size, cached] : cached_) sizes_.erase(cached.block), std::free(cached.block);
    cached_.clear(), cached_bytes_ = 0;
  }

  void count_allocated(size_t size) {
    allocated_ += size;
    peak_allocated_ = std::max(peak_allocated_, allocated_);
  }

  void return_oldest() {
    const auto oldest = std::min_element(cached_.begin(), cached_.end(),
                                         [](const auto& a, const auto& b) { return a.second.order < b.second.order; });
    cached_bytes_ -= oldest->first;
    sizes_.erase(oldest->second.block);
    std::free(oldest->second.block);
    cached_.erase(oldest);
  }

  std::mutex mutex_;
  std::multimap<size_t, CachedBlock> cached_;
  std::map<void*, size_t> sizes_;
  size_t allocated_ = 0, peak_allocated_ = 0, cached_bytes_ = 0;
  size_t most_bytes_ = std::numeric_limits<size_t>::max();
  uint64_t release_count_ = 0;
};

// The cache is never destroyed, so it outlives every static tensor.
BlockCache& block_cache() {
  static BlockCache& cache = *new BlockCache();
  return cache;
}

void* allocate_small(size_t bytes) {
  void* block = maybe_allocate(bytes, kAlignment);
  if (block == nullptr) block_cache().release_all(), block = maybe_allocate(bytes, kAlignment);
  return block != nullptr ? block : throw std::bad_alloc();
}

void release_block(void* block) {
  if (block != nullptr && !block_cache().release(block)) std::free(block);
}

class CachingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* block = bytes == 0                ? nullptr
                  : bytes < kMinCachedBlock ? allocate_small(bytes)
                                            : block_cache().allocate(bytes);
    return {block, block, &release_block, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release_block; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};

}  // namespace

void install_caching_allocator() {
#if !defined(__SANITIZE_ADDRESS__)  // it would see neither overflows of cached blocks nor uses after they are freed
  static CachingAllocator allocator;
  static const bool is_set = (c10::SetCPUAllocator(&allocator, /*priority=*/100), true);
  static_cast<void>(is_set);
#endif
}

void release_cached_blocks() { block_cache().release_all(); }

void limit_allocator(int64_t most_bytes) { block_cache().limit(static_cast<size_t>(most_bytes)); }

AllocatorStats allocator_stats() { return block_cache().counts(); }

}  // namespace retort::kernel
