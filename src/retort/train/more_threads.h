// More threads for a process whose neighbors on the same CPUs wait for it.
#pragma once

#include <cstdint>

namespace retort::train {

// Multiplies the number of threads by `factor` for its lifetime, up to the CPUs that this process may run on.
class MoreThreads {
 public:
  explicit MoreThreads(int64_t factor);
  ~MoreThreads();
  MoreThreads(const MoreThreads&) = delete;
  MoreThreads& operator=(const MoreThreads&) = delete;

 private:
  int before_;
};

}  // namespace retort::train
