#include "retort/kernel/zeros_on_demand.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "retort/kernel/device.h"

namespace retort::kernel {

at::Tensor zeros_on_demand(int64_t count, at::ScalarType type, int64_t sparse_elements) {
  if (!device().is_cpu()) return at::zeros({count}, at::TensorOptions().dtype(type).device(device()));
  constexpr size_t kHugePage = 2 * 1024 * 1024;  // bytes, on x86
  const size_t element_bytes = c10::elementSize(type),
               bytes = std::max<size_t>(1, static_cast<size_t>(count) * element_bytes),
               sparse_bytes = static_cast<size_t>(sparse_elements) * element_bytes;
  // Aligned to a huge page, since only whole pages can be huge.
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

void release_pages(const at::Tensor& values) {
  if (!values.is_cpu()) {
    at::Tensor(values).zero_();
    return;
  }
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(values.data_ptr()), end = begin + values.nbytes();
  const uintptr_t first = std::min(end, (begin + page - 1) / page * page), last = std::max(first, end / page * page);
  std::memset(reinterpret_cast<void*>(begin), 0, first - begin);
  std::memset(reinterpret_cast<void*>(last), 0, end - last);
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace retort::kernel
