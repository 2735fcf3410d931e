#include "retort/kernel/cuda/library.h"

#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include <stdexcept>
#include <string_view>

#include "retort/kernel/cuda/collectives.h"
#include "retort/kernel/cuda/recorded_graph.h"

namespace retort::kernel::cuda {

namespace {

// The runtime reports a missing driver as one that is too old.
int64_t count_cuda_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess) return count;
  static_cast<void>(cudaGetLastError());
  if (status == cudaErrorNoDevice) return 0;
  throw std::runtime_error(
      fmt::format("{}CUDA {}.{} says: {}",
                  status == cudaErrorInsufficientDriver ? "there is no NVIDIA driver, or an old one; " : "",
                  CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10, cudaGetErrorString(status)));
}

int attribute_of(cudaDeviceAttr attribute, int64_t index) {
  int value = 0;
  C10_CUDA_CHECK(cudaDeviceGetAttribute(&value, attribute, static_cast<int>(index)));
  return value;
}

std::string describe_cuda_device(int64_t index) {
  cudaDeviceProp properties;
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, static_cast<int>(index)));
  return fmt::format("{}, compute capability {}.{}, {:.0f} GiB", properties.name, properties.major, properties.minor,
                     static_cast<double>(properties.totalGlobalMem) / (1 << 30));
}

// Tensor cores take bfloat16 from compute capability 8.0 (Ampere) on.
bool multiplies_bf16_on_cuda(int64_t index) { return attribute_of(cudaDevAttrComputeCapabilityMajor, index) >= 8; }

// What the allocator has reserved and not handed out is free too.
DeviceMemory memory_of_cuda_device(int64_t index) {
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
  size_t free_bytes = 0, total_bytes = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free_bytes, &total_bytes));
  constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
  const int64_t reserve = stats.reserved_bytes[kAll].current - stats.allocated_bytes[kAll].current;
  return {static_cast<int64_t>(free_bytes) + reserve, static_cast<int64_t>(total_bytes)};
}

void synchronize_cuda_device(int64_t index) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
  c10::cuda::device_synchronize();
}

// Libraries of CUDA allocate memory of their own and report its lack in their own words.
bool is_out_of_cuda_memory(const std::exception& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const std::string_view text = error.what();
  for (const char* const words : {"CUDA out of memory", "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED"})
    if (text.find(words) != std::string_view::npos) return true;
  return false;
}

void release_cached_cuda_memory() { c10::cuda::CUDACachingAllocator::emptyCache(); }

constexpr DeviceLibrary kCudaLibrary{.torch_version = TORCH_VERSION,
                                     .type = c10::DeviceType::CUDA,
                                     .device_count = count_cuda_devices,
                                     .describe = describe_cuda_device,
                                     .multiplies_bf16 = multiplies_bf16_on_cuda,
                                     .memory = memory_of_cuda_device,
                                     .synchronize = synchronize_cuda_device,
                                     .is_out_of_memory = is_out_of_cuda_memory,
                                     .release_cached_memory = release_cached_cuda_memory,
                                     .make_graph = make_recorded_graph,
                                     .make_collective_id = make_collective_id,
                                     .make_collectives = make_collectives};

}  // namespace

}  // namespace retort::kernel::cuda

const retort::kernel::DeviceLibrary* retort_device_library() { return &retort::kernel::cuda::kCudaLibrary; }
