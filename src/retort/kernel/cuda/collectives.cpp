#include "retort/kernel/cuda/collectives.h"

#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <fmt/format.h>

#include <atomic>
#include <cstring>
#include <stdexcept>

#include "retort/kernel/cuda/nccl.h"

namespace retort::kernel::cuda {

namespace {

NcclDataType nccl_type_of(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kChar:
      return NcclDataType::kInt8;
    case at::kByte:
      return NcclDataType::kUint8;
    case at::kInt:
      return NcclDataType::kInt32;
    case at::kLong:
      return NcclDataType::kInt64;
    case at::kHalf:
      return NcclDataType::kFloat16;
    case at::kFloat:
      return NcclDataType::kFloat32;
    case at::kDouble:
      return NcclDataType::kFloat64;
    case at::kBFloat16:
      return NcclDataType::kBfloat16;
    default:
      throw std::runtime_error(
          fmt::format("NCCL must get numbers, but the tensor is of type {}", c10::toString(tensor.scalar_type())));
  }
}

void check_is_contiguous(const at::Tensor& tensor) {
  if (!tensor.is_cuda() || !tensor.is_contiguous())
    throw std::runtime_error("a collective must get a contiguous CUDA tensor");
}

// What was started runs in a stream of its own. Events order it after what was called before and, in wait_started,
// before what follows.
class NcclCollectives final : public DeviceCollectives {
 public:
  NcclCollectives(const NcclUniqueId& id, int rank, int world_size)
      : device_(c10::cuda::current_device()), stream_(c10::cuda::getStreamFromPool(true)) {
    NcclComm comm = nullptr;
    check_nccl(nccl().comm_init_rank(&comm, world_size, id, rank), "ncclCommInitRank");
    comm_ = comm;
  }

  ~NcclCollectives() override {
    if (const NcclComm comm = comm_.exchange(nullptr)) nccl().comm_destroy(comm);
  }

  void all_reduce_sum(const at::Tensor& tensor) override { sum_in(c10::cuda::getCurrentCUDAStream(device_), tensor); }

  void start_all_reduce_sum(const at::Tensor& tensor) override {
    c10::cuda::CUDAEvent before;
    before.record(c10::cuda::getCurrentCUDAStream(device_));
    before.block(stream_);
    sum_in(stream_, tensor);
    c10::cuda::CUDACachingAllocator::recordStream(tensor.storage().data_ptr(), stream_);
  }

  void wait_started() override {
    c10::cuda::CUDAEvent after;
    after.record(stream_);
    after.block(c10::cuda::getCurrentCUDAStream(device_));
  }

  void broadcast(const at::Tensor& tensor, int64_t root) override {
    check_is_contiguous(tensor);
    const c10::cuda::CUDAGuard guard(device_);
    void* const data = tensor.data_ptr();
    check_nccl(nccl().broadcast(data, data, static_cast<size_t>(tensor.numel()), nccl_type_of(tensor),
                                static_cast<int>(root), joined(), c10::cuda::getCurrentCUDAStream(device_)),
               "ncclBroadcast");
  }

  // Another thread may call it while this one waits for a collective.
  void abort() noexcept override {
    if (const NcclComm comm = comm_.exchange(nullptr)) nccl().comm_abort(comm);
  }

 private:
  NcclComm joined() const {
    if (const NcclComm comm = comm_) return comm;
    throw std::runtime_error("the collectives were aborted");
  }

  void sum_in(c10::cuda::CUDAStream stream, const at::Tensor& tensor) {
    check_is_contiguous(tensor);
    const c10::cuda::CUDAGuard guard(device_);
    void* const data = tensor.data_ptr();
    check_nccl(nccl().all_reduce(data, data, static_cast<size_t>(tensor.numel()), nccl_type_of(tensor),
                                 NcclReduction::kSum, joined(), stream),
               "ncclAllReduce");
  }

  c10::DeviceIndex device_;
  c10::cuda::CUDAStream stream_;  // of started collectives
  std::atomic<NcclComm> comm_ = nullptr;
};

}  // namespace

std::string make_collective_id() {
  NcclUniqueId id;
  check_nccl(nccl().get_unique_id(&id), "ncclGetUniqueId");
  return {id.internal, sizeof id.internal};
}

std::unique_ptr<DeviceCollectives> make_collectives(const std::string& id, int64_t rank, int64_t world_size) {
  NcclUniqueId bytes;
  if (id.size() != sizeof bytes.internal)
    throw std::runtime_error(
        fmt::format("the id of collectives must have {} bytes, but has {}", sizeof bytes.internal, id.size()));
  std::memcpy(bytes.internal, id.data(), id.size());
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  return std::make_unique<NcclCollectives>(bytes, static_cast<int>(rank), static_cast<int>(world_size));
}

}  // namespace retort::kernel::cuda
