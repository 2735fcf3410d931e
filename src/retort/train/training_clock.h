// The training time of a run. Evaluation does not count; the earlier processes of a resumed run do.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include "retort/train/wall_clock.h"

namespace retort::train {

class TrainingClock {
 public:
  // `now` returns the seconds of a steady clock; tests replace it.
  explicit TrainingClock(std::function<double()> now = steady_seconds_now) : now_(std::move(now)) {}

  double now() const { return now_(); }

  // Starts to count; `earlier_seconds` are those of the earlier processes.
  void start(double earlier_seconds) { earlier_ = earlier_seconds, started_ = now_(), is_running_ = true; }
  // The last step is taken: nothing counts any more.
  void stop() { earlier_ = train_seconds(), own_at_stop_ = own_seconds(), is_running_ = false; }
  // Takes the time since `begin` (of `now`) out of the count.
  void exclude_since(double begin) { started_ += now_() - begin; }
  // Counts the time since `begin` (of `now`) as work: forward, backward, optimizer.
  void add_work_since(double begin) { work_ += now_() - begin; }

  // Counts all processes of a resumed run.
  double train_seconds() const { return is_running_ ? earlier_ + now_() - started_ : earlier_; }
  // The part of this process's time that is not work: waiting for data, logging, saving. 0 before any work.
  double overhead_share() const {
    return work_ == 0 ? 0.0 : std::max(0.0, 1 - work_ / (is_running_ ? own_seconds() : own_at_stop_));
  }

 private:
  double own_seconds() const { return now_() - started_; }

  std::function<double()> now_;
  double earlier_ = 0, started_ = 0, work_ = 0, own_at_stop_ = 0;
  bool is_running_ = false;
};

}  // namespace retort::train
