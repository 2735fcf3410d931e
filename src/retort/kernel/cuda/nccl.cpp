#include "retort/kernel/cuda/nccl.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <stdexcept>

namespace retort::kernel::cuda {

namespace {

void* open_nccl() {
  if (void* const library = ::dlopen("libnccl.so.2", RTLD_NOW | RTLD_LOCAL)) return library;
  throw std::runtime_error(fmt::format("NCCL must be loadable, but is not: {}", ::dlerror()));
}

template <typename Function>
void find_nccl_function(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr) throw std::runtime_error(fmt::format("NCCL must have the function `{}`, but has not", name));
}

NcclFunctions find_nccl_functions() {
  void* const library = open_nccl();
  NcclFunctions functions = {};
  find_nccl_function(library, "ncclGetUniqueId", functions.get_unique_id);
  find_nccl_function(library, "ncclCommInitRank", functions.comm_init_rank);
  find_nccl_function(library, "ncclAllReduce", functions.all_reduce);
  find_nccl_function(library, "ncclBroadcast", functions.broadcast);
  find_nccl_function(library, "ncclCommAbort", functions.comm_abort);
  find_nccl_function(library, "ncclCommDestroy", functions.comm_destroy);
  find_nccl_function(library, "ncclGetErrorString", functions.get_error_string);
  return functions;
}

}  // namespace

const NcclFunctions& nccl() {
  static const NcclFunctions functions = find_nccl_functions();
  return functions;
}

void check_nccl(NcclResult result, const char* name) {
  if (result == 0) return;
  throw std::runtime_error(fmt::format("{} of NCCL failed: {}", name, nccl().get_error_string(result)));
}

}  // namespace retort::kernel::cuda
