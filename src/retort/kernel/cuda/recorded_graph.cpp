#include "retort/kernel/cuda/recorded_graph.h"

#include <ATen/Context.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>

#include <optional>

namespace retort::kernel::cuda {

namespace {

// One for all graphs: they never run at the same time.
at::cuda::MempoolId_t graph_pool() {
  static const at::cuda::MempoolId_t pool = at::cuda::graph_pool_handle();
  return pool;
}

class CudaRecordedGraph final : public RecordedGraph {
 public:
  // A recording that failed is ended here; its error was thrown already.
  ~CudaRecordedGraph() override {
    try {
      if (stream_) end_recording();
    } catch (const std::exception&) {
      stream_.reset();
    }
  }

  void begin_recording() override {
    c10::cuda::device_synchronize();  // what was called before is done, so that the graph depends on nothing else
    stream_.emplace(c10::cuda::getStreamFromPool());
    graph_.capture_begin(graph_pool(), cudaStreamCaptureModeThreadLocal);
  }

  void end_recording() override {
    graph_.capture_end();
    stream_.reset();  // back to the stream before
  }

  void replay() override { graph_.replay(); }

 private:
  at::cuda::CUDAGraph graph_;
  std::optional<c10::cuda::CUDAStreamGuard> stream_;  // while operations are recorded
};

}  // namespace

std::unique_ptr<RecordedGraph> make_recorded_graph() {
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  return std::make_unique<CudaRecordedGraph>();
}

}  // namespace retort::kernel::cuda
