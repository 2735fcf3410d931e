// The functions of NCCL that are called, found when they are needed: neither its header nor its library is needed to
// build. LibTorch's CUDA part has loaded the library already. Types and values are those of nccl.h, version 2.28.9
// (https://github.com/NVIDIA/nccl/blob/v2.28.9-1/src/nccl.h.in), unchanged since version 2.10.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace retort::kernel::cuda {

struct NcclUniqueId {
  char internal[128];  // NCCL_UNIQUE_ID_BYTES
};

using NcclComm = void*;  // ncclComm_t

enum class NcclDataType {  // ncclDataType_t
  kInt8 = 0,
  kUint8 = 1,
  kInt32 = 2,
  kInt64 = 4,
  kFloat16 = 6,
  kFloat32 = 7,
  kFloat64 = 8,
  kBfloat16 = 9
};

enum class NcclReduction { kSum = 0 };  // ncclRedOp_t

using NcclResult = int;  // ncclResult_t: 0 is ncclSuccess

struct NcclFunctions {
  NcclResult (*get_unique_id)(NcclUniqueId*);
  NcclResult (*comm_init_rank)(NcclComm*, int world_size, NcclUniqueId, int rank);
  NcclResult (*all_reduce)(const void* from, void* to, size_t count, NcclDataType, NcclReduction, NcclComm,
                           cudaStream_t);
  NcclResult (*broadcast)(const void* from, void* to, size_t count, NcclDataType, int root, NcclComm, cudaStream_t);
  NcclResult (*comm_abort)(NcclComm);
  NcclResult (*comm_destroy)(NcclComm);
  const char* (*get_error_string)(NcclResult);
};

// Throws std::runtime_error where the library or a function is missing.
const NcclFunctions& nccl();

// Throws std::runtime_error with NCCL's text when `result` is an error of the function `name`.
void check_nccl(NcclResult result, const char* name);

}  // namespace retort::kernel::cuda
