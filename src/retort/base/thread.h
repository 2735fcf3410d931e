// The one pool of threads: OpenMP's, which LibTorch uses too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace retort {

// Threads that work is spread over: the smallest of OMP_NUM_THREADS, the affinity mask and the CPU quota of the
// control group, unless `set_thread_count` was called.
int thread_count();
void set_thread_count(int count);

// CPUs that the control group pays for, rounded up; 0 when there is no limit. `root` stands for `/`, so that a test can
// show another machine's /proc and /sys.
int cpu_quota(const std::filesystem::path& root = "/");

// Calls body(begin, end) on disjoint ranges that cover 0..count, from several threads, in chunks of at least `grain`
// items handed out dynamically. Exceptions reach the caller (the first one). Nested calls run in the caller's thread.
void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace retort
