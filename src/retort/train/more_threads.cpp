#include "retort/train/more_threads.h"

#include <algorithm>
#include <thread>

#include "retort/base/thread.h"

namespace retort::train {

MoreThreads::MoreThreads(int64_t factor) : before_(thread_count()) {
  const auto cpus = static_cast<int64_t>(std::thread::hardware_concurrency());
  const int64_t wanted = std::min(before_ * factor, std::max<int64_t>(before_, cpus));
  if (wanted > before_) set_thread_count(static_cast<int>(wanted));
}

MoreThreads::~MoreThreads() {
  if (thread_count() != before_) set_thread_count(before_);
}

}  // namespace retort::train
