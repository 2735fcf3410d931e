// The pool of tensor memory: blocks are used again, and what waits is bounded by what is in use.
#include "retort/kernel/memory.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

namespace retort::kernel {
namespace {

TEST(TensorMemory, UsesFreedBlocksAgain) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer watches blocks that the pool would hide";
#endif
  keep_tensor_memory();
  const void* first = at::ones({1 << 18}).data_ptr();      // freed at once
  const at::Tensor second = at::zeros({(1 << 18) - 100});  // rounds up to the same size
  EXPECT_EQ(second.data_ptr(), first);
  EXPECT_EQ(second.sum().item<float>(), 0);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(second.data_ptr()) % 64, 0);
}

TEST(TensorMemory, StaysBoundedWhenSizesChange) {
  keep_tensor_memory();
  const at::Tensor held = at::zeros({16 << 20});  // 64 MiB
  int64_t largest = 0;
  for (int64_t step = 0; step < 400; ++step) {
    const int64_t elements = (1 << 20) + (step * 7919 % 400) * 20000;  // 4 to 36 MiB
    const at::Tensor a = at::ones({elements}), b = at::ones({elements / 2});
    const TensorMemory memory = tensor_memory();
    largest = std::max(largest, memory.bytes_in_use + memory.bytes_waiting);
  }
  EXPECT_LT(largest,
            int64_t{400} << 20);  // 64 held, at most 108 in use besides (blocks up to twice the size), what waits
}

TEST(TensorMemory, SmallAndEmptyTensors) {
  keep_tensor_memory();
  const int64_t before = tensor_memory().bytes_in_use;
  const at::Tensor small = at::ones({10}), empty = at::ones({0});
  EXPECT_EQ(tensor_memory().bytes_in_use, before);
  EXPECT_EQ(small.sum().item<float>(), 10);
  EXPECT_EQ(empty.numel(), 0);
}

}  // namespace
}  // namespace retort::kernel
