// The thread pool of the process: OpenMP's, which LibTorch uses too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace retort {

// Number of threads for parallel work: the minimum of OMP_NUM_THREADS, the CPU affinity mask and the cgroup CPU quota,
// unless `set_thread_count` was called.
int thread_count();
void set_thread_count(int count);

// CPU quota of the cgroup, rounded up; 0 without a limit. Tests pass another `root` to read the /proc and /sys of
// another machine.
int cpu_quota(const std::filesystem::path& root = "/");

// Calls body(begin, end) on disjoint ranges that cover 0..count, from several threads, in chunks of at least `grain`
// items with dynamic scheduling. Rethrows the first exception. Nested calls run in the caller's thread.
void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace retort
