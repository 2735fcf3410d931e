#include "retort/kernel/memory.h"

#include <ATen/ops/from_blob.h>
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <vector>

namespace retort::kernel {

namespace {

constexpr size_t kAlignment = 64, kSmallestPooled = 64 * 1024, kHugePage = 2 * 1024 * 1024;
constexpr size_t kAlwaysKept = 64 * 1024 * 1024;  // waiting bytes below this are never given back

// The next size of a series with eight steps for each doubling.
size_t size_class(size_t bytes) {
  const size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

void* allocate_aligned(size_t bytes, size_t alignment) {
  void* block = nullptr;
  return posix_memalign(&block, alignment, bytes) == 0 ? block : throw std::bad_alloc();
}

class Pool {
 public:
  void* allocate(size_t bytes) {
    const size_t size = size_class(bytes);
    const std::lock_guard lock(mutex_);
    // The smallest block that waits and fits; up to twice the size, because a fresh block costs zeroed pages.
    const auto found = waiting_.lower_bound(size);
    if (found != waiting_.end() && found->first <= 2 * size) {
      void* block = found->second.block;
      waiting_bytes_ -= found->first;
      count_in_use(found->first);
      waiting_.erase(found);
      return block;
    }
    count_in_use(size);
    while (waiting_bytes_ > kAlwaysKept && in_use_ + waiting_bytes_ > most_in_use_ + most_in_use_ / 4)
      give_back_oldest();
    const bool is_large = size >= 2 * kHugePage;
    void* block = allocate_aligned(size, is_large ? kHugePage : kAlignment);
    if (is_large) madvise(block, size, MADV_HUGEPAGE);  // a wish: fewer page faults, where the system follows it
    sizes_[block] = size;
    return block;
  }

  // False when the block is none of the pool's.
  bool release(void* block) {
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(block);
    if (found == sizes_.end()) return false;
    waiting_.emplace(found->second, Waiting{block, release_count_++});
    in_use_ -= found->second, waiting_bytes_ += found->second;
    return true;
  }

  TensorMemory counts() {
    const std::lock_guard lock(mutex_);
    return {static_cast<int64_t>(in_use_), static_cast<int64_t>(waiting_bytes_)};
  }

 private:
  struct Waiting {
    void* block;
    uint64_t order;  // of its release
  };

  void count_in_use(size_t size) {
    in_use_ += size;
    most_in_use_ = std::max(most_in_use_, in_use_);
  }

  void give_back_oldest() {
    const auto oldest = std::min_element(waiting_.begin(), waiting_.end(),
                                         [](const auto& a, const auto& b) { return a.second.order < b.second.order; });
    waiting_bytes_ -= oldest->first;
    sizes_.erase(oldest->second.block);
    std::free(oldest->second.block);
    waiting_.erase(oldest);
  }

  std::mutex mutex_;
  std::multimap<size_t, Waiting> waiting_;
  std::map<void*, size_t> sizes_;
  size_t in_use_ = 0, most_in_use_ = 0, waiting_bytes_ = 0;
  uint64_t release_count_ = 0;
};

// Outlives every static tensor.
Pool& pool() {
  static Pool& pool = *new Pool();
  return pool;
}

void release_block(void* block) {
  if (block != nullptr && !pool().release(block)) std::free(block);
}

class PooledAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* block = bytes == 0                ? nullptr
                  : bytes < kSmallestPooled ? allocate_aligned(bytes, kAlignment)
                                            : pool().allocate(bytes);
    return {block, block, &release_block, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release_block; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};

}  // namespace

void keep_tensor_memory() {
#if !defined(__SANITIZE_ADDRESS__)  // which would see neither the end of a block nor its use after being freed
  static PooledAllocator allocator;
  static const bool is_set = (c10::SetCPUAllocator(&allocator, /*priority=*/100), true);
  static_cast<void>(is_set);
#endif
}

at::Tensor zeros_on_demand(int64_t count, at::ScalarType type, int64_t sparse_elements) {
  const size_t element_bytes = c10::elementSize(type),
               bytes = std::max<size_t>(1, static_cast<size_t>(count) * element_bytes),
               sparse_bytes = static_cast<size_t>(sparse_elements) * element_bytes;
  // Aligned to a large page, because only whole ones can be large.
  const size_t mapped = bytes + kHugePage;
  void* const start = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  const auto round_up = [](uintptr_t address) { return (address + kHugePage - 1) / kHugePage * kHugePage; };
  const uintptr_t first = round_up(reinterpret_cast<uintptr_t>(start)), dense = round_up(first + sparse_bytes);
  if (dense < first + bytes) madvise(reinterpret_cast<void*>(dense), first + bytes - dense, MADV_HUGEPAGE);
  return at::from_blob(
      reinterpret_cast<void*>(first), {count}, [start, mapped](void*) { munmap(start, mapped); },
      at::TensorOptions().dtype(type));
}

TensorMemory tensor_memory() { return pool().counts(); }

}  // namespace retort::kernel
