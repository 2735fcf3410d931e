// The caching allocator: it reuses freed blocks, and what it caches is bounded by what is allocated.
#include "retort/kernel/caching_allocator.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <limits>
#include <new>

#include "retort/kernel/out_of_memory.h"

namespace retort::kernel {
namespace {

TEST(CachingAllocator, UsesFreedBlocksAgain) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer watches blocks that the cache would hide";
#endif
  install_caching_allocator();
  const void* first = at::ones({1 << 18}).data_ptr();      // freed at once
  const at::Tensor second = at::zeros({(1 << 18) - 100});  // rounds up to the same size
  EXPECT_EQ(second.data_ptr(), first);
  EXPECT_EQ(second.sum().item<float>(), 0);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(second.data_ptr()) % 64, 0);
}

TEST(CachingAllocator, StaysBoundedWhenSizesChange) {
  install_caching_allocator();
  const at::Tensor held = at::zeros({16 << 20});  // 64 MiB
  int64_t largest = 0;
  for (int64_t step = 0; step < 400; ++step) {
    const int64_t elements = (1 << 20) + (step * 7919 % 400) * 20000;  // 4 to 36 MiB
    const at::Tensor a = at::ones({elements}), b = at::ones({elements / 2});
    const AllocatorStats stats = allocator_stats();
    largest = std::max(largest, stats.allocated_bytes + stats.cached_bytes);
  }
  EXPECT_LT(largest,
            int64_t{400} << 20);  // 64 held, at most 108 allocated besides (blocks up to twice the size), and the cache
}

TEST(CachingAllocator, SmallAndEmptyTensors) {
  install_caching_allocator();
  const int64_t before = allocator_stats().allocated_bytes;
  const at::Tensor small = at::ones({10}), empty = at::ones({0});
  EXPECT_EQ(allocator_stats().allocated_bytes, before);
  EXPECT_EQ(small.sum().item<float>(), 10);
  EXPECT_EQ(empty.numel(), 0);
}

TEST(CachingAllocator, GivesCachedBlocksBackBeforeItFails) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the cache is not used";
#endif
  install_caching_allocator();
  release_cached_blocks();
  const int64_t before = allocator_stats().allocated_bytes;
  { const at::Tensor freed = at::ones({1 << 20}); }  // 4 MiB
  EXPECT_EQ(allocator_stats().cached_bytes, 4 << 20);
  limit_allocator(before + (10 << 20));
  const at::Tensor held = at::ones({2 << 20});  // 8 MiB: in the place of the cached ones
  EXPECT_EQ(allocator_stats().cached_bytes, 0);
  try {
    const at::Tensor too_large = at::ones({1 << 20});
    ADD_FAILURE() << "there is no room for it";
  } catch (const std::exception& error) {
    EXPECT_TRUE(is_out_of_memory(error));
  }
  EXPECT_EQ(allocator_stats().allocated_bytes - before, 8 << 20);
  limit_allocator(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(at::ones({1 << 20}).sum().item<float>(), 1 << 20);
}

// The system's refusal, with LibTorch's own allocator too.
TEST(OutOfMemory, IsKnownByItsErrors) {
  EXPECT_TRUE(is_out_of_memory(std::bad_alloc()));
  EXPECT_FALSE(is_out_of_memory(std::runtime_error("can't allocate memory")));
  for (c10::Allocator* allocator : {c10::GetAllocator(c10::DeviceType::CPU), c10::GetDefaultCPUAllocator()}) try {
      const c10::DataPtr block = allocator->allocate(size_t{1} << 60);
      ADD_FAILURE() << "no machine has so much memory";
    } catch (const std::exception& error) {
      EXPECT_TRUE(is_out_of_memory(error)) << error.what();
    }
}

}  // namespace
}  // namespace retort::kernel
