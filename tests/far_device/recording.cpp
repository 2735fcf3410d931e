#include "far_device/recording.h"

#include <c10/util/Exception.h>

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "far_device/memory.h"

namespace retort::far_device {

namespace {

std::atomic<int64_t> reads, uploads, operations;

class FarGraph final : public kernel::RecordedGraph {
 public:
  ~FarGraph() override { stop(); }

  void begin_recording() override {
    FarGraph* none = nullptr;
    TORCH_CHECK(operations_.empty(), "a graph is recorded once only");
    TORCH_CHECK(recorder().compare_exchange_strong(none, this), "another graph is being recorded");
  }

  void end_recording() override { TORCH_CHECK(stop(), "end_recording() must follow begin_recording()"); }

  void replay() override {
    TORCH_CHECK(recorder() == nullptr, "a graph cannot be replayed while one is being recorded");
    for (const auto& operation : operations_) operation();
  }

  bool ran_while_recording() const override { return true; }

  // The device's thread of the gradient graph records too.
  void add(std::function<void()> operation) {
    const std::lock_guard lock(mutex_);
    operations_.push_back(std::move(operation));
  }

  static std::atomic<FarGraph*>& recorder() {
    static std::atomic<FarGraph*> graph = nullptr;
    return graph;
  }

 private:
  bool stop() {
    FarGraph* self = this;
    return recorder().compare_exchange_strong(self, nullptr);
  }

  std::mutex mutex_;
  std::vector<std::function<void()>> operations_;
};

}  // namespace

std::unique_ptr<kernel::RecordedGraph> make_graph() { return std::make_unique<FarGraph>(); }

bool is_recording() { return FarGraph::recorder() != nullptr; }

void record(std::function<void()> operation) { FarGraph::recorder().load()->add(std::move(operation)); }

void count_read(const char* operation) {
  TORCH_CHECK(!is_recording(), "a recorded sequence must not read values back, but `", operation, "` does");
  ++reads;
}

void count_upload(const char* operation) {
  TORCH_CHECK(!is_recording(), "a recorded sequence must not take values from the processor, but `", operation,
              "` does");
  ++uploads;
}

void count_operation() { ++operations; }

Counts counts() { return {reads, uploads, operations, memory_state().peak_bytes}; }

void reset_counts() {
  reads = uploads = operations = 0;
  reset_peak();
}

}  // namespace retort::far_device
