#include "retort/train/process_setup.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "retort/base/thread.h"
#include "retort/kernel/caching_allocator.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/matmul.h"
#include "retort/train/process_group.h"

namespace retort::train {

void set_up_process(const RuntimeConfig& runtime) {
  kernel::install_caching_allocator();
  if (runtime.threads > 0) set_thread_count(static_cast<int>(runtime.threads));
  at::set_num_threads(thread_count());
  kernel::set_implementation(runtime.kernels == "reference" ? kernel::Implementation::kReference
                                                            : kernel::Implementation::kFused);
}

void set_up_processes(const RuntimeConfig& given, double process_timeout) {
  join_process_group(process_timeout);
  // OMP_NUM_THREADS is the number for each process.
  const int64_t sharing = process_group().sharing_cpus();
  const bool is_shared = given.threads == 0 && sharing > 1 && !environment_variable("OMP_NUM_THREADS");
  RuntimeConfig runtime = given;
  if (is_shared) runtime.threads = std::max<int64_t>(1, thread_count() / sharing);
  set_up_process(runtime);
}

void set_up_process(const TrainingConfig& training) {
  set_up_processes(training, training.process_timeout);
  kernel::set_deterministic_matmul(training.deterministic);
}

}  // namespace retort::train
