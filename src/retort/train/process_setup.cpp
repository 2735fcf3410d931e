#include "retort/train/process_setup.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/thread.h"
#include "retort/kernel/attention.h"
#include "retort/kernel/caching_allocator.h"
#include "retort/kernel/device.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/matmul.h"
#include "retort/kernel/open_device.h"
#include "retort/train/local_process.h"
#include "retort/train/process_group.h"
#include "retort/train/runtime_precision.h"

namespace retort::train {

namespace {

// TF32 is a setting of LibTorch, which another run in this process may have made.
std::string open_device_of(const RuntimeConfig& runtime, const kernel::LocalProcess& process) {
  std::string line = kernel::open_device(runtime.device, process);
  if (kernel::device().is_cuda()) at::globalContext().setAllowTF32CuBLAS(runtime.tf32);
  return line;
}

void set_up_processor(const RuntimeConfig& runtime) {
  kernel::install_caching_allocator();
  if (runtime.threads > 0) set_thread_count(static_cast<int>(runtime.threads));
  at::set_num_threads(thread_count());
  kernel::set_implementation(runtime.kernels == "reference" ? kernel::Implementation::kReference
                                                            : kernel::Implementation::kFused);
  kernel::set_attention_precision(own_attention_precision(runtime));
  report_precision(runtime);
}

// The bits of a step depend on the kind of device, and sums of gradients on where they lie.
void check_same_kind_of_device(const ProcessGroup& group) {
  if (group.world_size() == 1) return;
  const std::vector<std::string> kinds = group.all_gather(c10::DeviceTypeName(kernel::device().type(), true));
  for (size_t rank = 1; rank < kinds.size(); ++rank)
    if (kinds[rank] != kinds[0])
      throw UserError(
          "all processes must compute on the same kind of device, but rank 0 is on {} and rank {} on {}; give all of "
          "them --device cpu, or the device that all have",
          kinds[0], rank, kinds[rank]);
}

}  // namespace

void set_up_process(const RuntimeConfig& runtime) {
  const std::string line = open_device_of(runtime, {});
  if (!line.empty()) log_info("{}", line);
  set_up_processor(runtime);
}

void set_up_processes(const RuntimeConfig& given, double process_timeout) {
  // Before the group, whose collectives are tensor operations; the log, after it, is that of rank 0.
  const bool is_alone = discover_rank().world_size == 1;
  const std::string line = open_device_of(given, is_alone ? kernel::LocalProcess() : local_process());
  join_process_group(process_timeout);
  if (!line.empty()) log_info("{}", line);
  check_same_kind_of_device(process_group());
  // OMP_NUM_THREADS is the number for each process.
  const int64_t sharing = process_group().sharing_cpus();
  const bool is_shared = given.threads == 0 && sharing > 1 && !environment_variable("OMP_NUM_THREADS");
  RuntimeConfig runtime = given;
  if (is_shared) runtime.threads = std::max<int64_t>(1, thread_count() / sharing);
  set_up_processor(runtime);
}

void set_up_process(const TrainingConfig& training) {
  set_up_processes(training, training.process_timeout);
  kernel::set_deterministic_matmul(training.deterministic);
}

}  // namespace retort::train
