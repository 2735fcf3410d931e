// Finds the rank of this process and the world size in the environment variables of its launcher.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace retort::train {

struct ProcessRank {
  int64_t rank = 0, world_size = 1;
  bool is_launched = false;           // by a launcher that gave them
  std::string address = "127.0.0.1";  // of the store through which the processes find each other
  int64_t port = 29500;
  bool launcher_keeps_store = false;  // else rank 0 does
  std::string restart_count = "0";    // torchrun restarts all processes when one has failed
};

// The value of an environment variable; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> environment_variable(const char* name);

// Reads torchrun's RANK and WORLD_SIZE, else Open MPI's OMPI_COMM_WORLD_RANK and _SIZE, else Slurm's SLURM_PROCID and
// SLURM_STEP_NUM_TASKS, else PMI_RANK and PMI_SIZE of MPICH and Intel MPI, else N_NODES, NODE_RANK, N_GPU_NODE and
// LOCAL_RANK; MASTER_ADDR (or the first address of MULTI_HLS_IPS) and MASTER_PORT with any of them. Without a launcher
// the world size is 1. Throws UserError for values out of range or in contradiction, and for several machines without
// an address.
ProcessRank discover_rank(const Environment& variable = environment_variable);

}  // namespace retort::train
