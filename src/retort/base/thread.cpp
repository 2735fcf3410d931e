// The number of threads of this process, and the parallel loop. A container often shows all CPUs of its host while its
// cgroup limits it to a few; one thread per visible CPU would then be throttled, so the quota is read too (cgroup v1
// and v2, https://docs.kernel.org/admin-guide/cgroup-v2.html, "cpu.max").
#include "retort/base/thread.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "retort/base/control_group.h"
#include "retort/base/error.h"
#include "retort/base/log.h"

namespace retort {
namespace {

namespace fs = std::filesystem;

constexpr int kUnlimited = std::numeric_limits<int>::max();
// Chunks per thread: enough to balance the load when one thread is slow, few enough to keep scheduling cheap.
constexpr int64_t kChunksPerThread = 8;

std::atomic<int> chosen_thread_count{0};

int cpus_of_quota(double quota_us, double period_us) {
  if (!(quota_us > 0) || !(period_us > 0)) return kUnlimited;  // -1 and "max" mean no limit
  return static_cast<int>(std::clamp(std::ceil(quota_us / period_us), 1.0, 1e6));
}

double read_number(const fs::path& path) {
  std::ifstream file(path);
  file.imbue(std::locale::classic());
  double number = 0;
  file >> number;  // stays 0 when the file is missing or says "max"
  return number;
}

int quota_of(const ControlGroup& group) {
  if (!group.is_version_2)
    return cpus_of_quota(read_number(group.folder / "cpu.cfs_quota_us"),
                         read_number(group.folder / "cpu.cfs_period_us"));
  std::ifstream file(group.folder / "cpu.max");
  file.imbue(std::locale::classic());
  double quota_us = 0, period_us = 0;
  file >> quota_us >> period_us;
  return cpus_of_quota(quota_us, period_us);
}

// The smallest quota of a control group.
int control_group_cpus(const fs::path& root) {
  int smallest = kUnlimited;
  for (const ControlGroup& group : control_groups(root, "cpu", {"cpu", "cpu,cpuacct"}))
    smallest = std::min(smallest, quota_of(group));
  return smallest;
}

int affinity_cpus() {
  // Sized for 8192 CPUs: the kernel rejects (EINVAL) a mask smaller than its own; cpu_set_t has 1024.
  constexpr int kMaxCpus = 8192;
  cpu_set_t* const mask = CPU_ALLOC(kMaxCpus);
  const size_t mask_bytes = CPU_ALLOC_SIZE(kMaxCpus);
  const bool known = mask != nullptr && sched_getaffinity(0, mask_bytes, mask) == 0;
  const int count = known ? CPU_COUNT_S(mask_bytes, mask) : static_cast<int>(std::thread::hardware_concurrency());
  CPU_FREE(mask);
  return std::max(count, 1);
}

// OMP_NUM_THREADS is a list with one number per nesting level; the first one counts.
int environment_threads() {
  const char* const text = std::getenv("OMP_NUM_THREADS");
  const std::string value = text == nullptr ? "" : text;
  int count = 0;
  std::from_chars(value.data(), value.data() + value.size(), count);
  return count > 0 ? count : kUnlimited;
}

// Body of a probe thread: waits until all probe threads are started.
void* wait_for_release(void* gate) {
  auto& released = *static_cast<std::atomic<bool>*>(gate);
  released.wait(false);
  return nullptr;
}

// Starts up to `wanted` threads, this one included, and returns how many can run at once. A limit on processes (ulimit
// -u, pids.max) or on memory may be lower, and OpenMP ends the program when it cannot start a thread.
int count_startable(int wanted) {
  std::atomic<bool> released{false};
  std::vector<pthread_t> started;
  int failure = 0;
  while (failure == 0 && static_cast<int>(started.size()) + 1 < wanted) {
    pthread_t thread = {};
    failure = ::pthread_create(&thread, nullptr, wait_for_release, &released);
    if (failure == 0) started.push_back(thread);
  }
  released = true;
  released.notify_all();
  for (const pthread_t thread : started) ::pthread_join(thread, nullptr);
  const auto count = static_cast<int>(started.size()) + 1;
  if (failure != 0)
    log_warning(
        "using {} threads instead of {}, because the system cannot start more ({}); raise the limit on processes "
        "(ulimit -u, pids.max)",
        count, wanted, std::generic_category().message(failure));
  return count;
}

}  // namespace

int cpu_quota(const fs::path& root) {
  const int cpus = control_group_cpus(root);
  return cpus == kUnlimited ? 0 : cpus;
}

int thread_count() {
  if (const int chosen = chosen_thread_count.load(); chosen > 0) return chosen;
  static const int allowed = [] {
    const int wanted = std::min({environment_threads(), affinity_cpus(), control_group_cpus("/")});
    const int startable = count_startable(wanted);
    if (startable < wanted) omp_set_num_threads(startable);  // for OpenMP loops of LibTorch
    return startable;
  }();
  return allowed;
}

void set_thread_count(int count) {
  if (count < 1)
    throw UserError("`threads` must be at least 1, but is {}; leave it out to use all CPUs allowed", count);
  const int startable = count_startable(count);
  chosen_thread_count = startable;
  omp_set_num_threads(startable);
}

void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body) {
  if (count <= 0) return;
  const int64_t most_chunks = std::max<int64_t>(count / std::max<int64_t>(grain, 1), 1);
  const auto threads = static_cast<int>(std::min<int64_t>(thread_count(), most_chunks));
  if (threads == 1 || omp_in_parallel()) return body(0, count);

  const int64_t chunks = std::min(most_chunks, threads * kChunksPerThread);
  const int64_t chunk_items = count / chunks, longer_chunks = count % chunks;  // the first chunks have one item more
  std::atomic<int64_t> next_chunk{0};
  std::exception_ptr first_failure;
  std::mutex failure_mutex;
  next_chunk.store(0);  // with the load below: shows ThreadSanitizer the barriers, which libgomp hides from it
#pragma omp parallel num_threads(threads)
  for (int64_t chunk = next_chunk++; chunk < chunks; chunk = next_chunk++) {
    const int64_t begin = chunk * chunk_items + std::min(chunk, longer_chunks);
    const int64_t end = begin + chunk_items + (chunk < longer_chunks ? 1 : 0);
    try {
      body(begin, end);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!first_failure) first_failure = std::current_exception();
      next_chunk += chunks;
    }
  }
  static_cast<void>(next_chunk.load());
  if (first_failure) std::rethrow_exception(first_failure);
}

}  // namespace retort
