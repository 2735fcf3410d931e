// The all-reduce of the gradients of a step, in buckets that start while the backward pass of the last micro-batch
// still runs, as torch's DistributedDataParallel does; the order of the buckets is that in which the gradients become
// complete, found in the first step.
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <vector>

#include "retort/kernel/gradient_progress.h"
#include "retort/optim/shards.h"
#include "retort/train/process_group.h"

namespace retort::train {

struct ReducerOptions {
  int64_t bucket_bytes = 230 << 20;  // of gradients; a bucket holds whole layers and may be larger
  bool after_backward = false;       // one all-reduce after the backward pass, as if there were one bucket
  bool in_bf16 = false;              // gradients are rounded to bfloat16 before they are sent, and the sums too
};

// Time during which gradients were on the way, in seconds.
struct CommunicationTime {
  double total = 0;   // from the start of a bucket to the end of its all-reduce; waiting for slower ranks counts
  double hidden = 0;  // the part of it during which the backward pass still ran
};

// With one process it does nothing.
class GradientReducer final : public kernel::GradientObserver {
 public:
  // `group` and `parameters` must outlive the reducer.
  GradientReducer(const ProcessGroup& group, const kernel::ParameterStore& parameters, const ReducerOptions& options);
  // A reducer that dies with all-reduces on the way gives the group up: its process ends for another reason.
  ~GradientReducer() override;

  // Whether to observe the passes of the last micro-batch.
  bool observes() const { return group_.world_size() > 1 && !options_.after_backward; }
  void expect(const float* begin, const float* end) override;
  void complete(const float* begin, const float* end) noexcept override;
  // Call it between the forward and the backward pass of the last micro-batch; a rank without one need not.
  void begin_backward();
  // Starts what is left, and returns when all gradients are sums over all ranks. A rank whose passes broke off calls it
  // too. Throws ProcessLostError.
  CommunicationTime finish();
  // The next step makes the order of buckets anew, on all ranks: that of a step whose passes broke off may be a bad
  // one.
  void forget_order() { plan_.clear(); }

 private:
  struct Bucket {
    optim::ElementRange range;
    std::vector<int64_t> parts = {};  // first elements of the announced ranges in it; empty: it waits for `finish`
  };
  struct Started {
    optim::ElementRange range;
    at::Tensor sent;
    std::shared_ptr<StartedCollective> collective;
  };

  void make_plan();
  void start_complete_buckets();
  void start_next();
  void start(const Bucket& bucket);
  CommunicationTime time_of(double backward_end) const;

  const ProcessGroup& group_;
  const kernel::ParameterStore& parameters_;
  ReducerOptions options_;
  std::vector<Bucket> plan_;                    // empty before the first step
  std::vector<optim::ElementRange> announced_;  // in this step, in the order of the forward pass
  std::map<int64_t, int64_t> uses_left_;        // of the announced ranges, by first element
  bool is_backward_ = false;
  size_t next_bucket_ = 0;
  std::vector<Started> started_;
  std::exception_ptr failure_;
};

}  // namespace retort::train
