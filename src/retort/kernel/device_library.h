// What a device offers beside the operations of tensors. A shared library fills the table; it is loaded when a command
// asks for its device (--device), so the program itself links no driver. The library is built with the same LibTorch
// and compiler as the program.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace retort::kernel {

struct DeviceMemory {
  int64_t free_bytes = 0;  // what can still be allocated, the allocator's own reserve included
  int64_t total_bytes = 0;
};

// A sequence of operations that was recorded once and runs again on the memory that it was recorded with (a CUDA
// graph).
class RecordedGraph {
 public:
  virtual ~RecordedGraph() = default;
  // Between the two, operations are recorded. They must not read values back to the host. Throws when one does.
  virtual void begin_recording() = 0;
  virtual void end_recording() = 0;
  virtual void replay() = 0;
  // Whether the operations also ran while they were recorded. CUDA only notes them.
  virtual bool ran_while_recording() const { return false; }
};

// Collective operations on tensors of this device over the processes of a run (NCCL).
class DeviceCollectives {
 public:
  virtual ~DeviceCollectives() = default;
  // In place, ordered with the operations that were called before and after on this device.
  virtual void all_reduce_sum(const at::Tensor& tensor) = 0;
  virtual void broadcast(const at::Tensor& tensor, int64_t root) = 0;
  // The same sum beside the operations that follow: they must not touch the tensor until wait_started is called, which
  // orders all that was started before what follows it. A device without such a stream sums at once.
  virtual void start_all_reduce_sum(const at::Tensor& tensor) { all_reduce_sum(tensor); }
  virtual void wait_started() {}
  // Ends what is on the way, also where another process is dead.
  virtual void abort() noexcept = 0;
};

struct DeviceLibrary {
  const char* torch_version;  // TORCH_VERSION that the library was compiled with
  c10::DeviceType type;
  int64_t (*device_count)();               // throws std::exception with the reason where none can be counted
  std::string (*describe)(int64_t index);  // for the log: "NVIDIA H100 80GB HBM3, compute capability 9.0"
  bool (*multiplies_bf16)(int64_t index);
  DeviceMemory (*memory)(int64_t index);
  void (*synchronize)(int64_t index);
  bool (*is_out_of_memory)(const std::exception& error);  // whether an operation failed for lack of memory
  void (*release_cached_memory)();                        // gives the allocator's reserve back
  // Null where the device has none.
  std::unique_ptr<RecordedGraph> (*make_graph)();
  std::string (*make_collective_id)();  // on rank 0; the others get it by word
  std::unique_ptr<DeviceCollectives> (*make_collectives)(const std::string& id, int64_t rank, int64_t world_size);
};

// The name of the function that a library exports: extern "C" const DeviceLibrary* retort_device_library().
inline constexpr const char* kDeviceLibraryEntry = "retort_device_library";

}  // namespace retort::kernel
