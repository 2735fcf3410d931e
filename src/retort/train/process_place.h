// Who this process is among those that train one model together, as its launcher left it in the environment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace retort::train {

struct ProcessPlace {
  int64_t rank = 0, size = 1;
  std::string address = "127.0.0.1";  // where the processes meet
  int64_t port = 29500;
  bool launcher_keeps_store = false;  // else process 0 does
  std::string attempt = "0";          // of a launcher that starts all again when one has failed
};

// The value of an environment variable; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> environment_variable(const char* name);

// torchrun's RANK and WORLD_SIZE, else Open MPI's OMPI_COMM_WORLD_RANK and _SIZE, else Slurm's SLURM_PROCID and
// SLURM_STEP_NUM_TASKS; MASTER_ADDR and MASTER_PORT with any of them. A process alone where there is none. Throws
// UserError for values that cannot be, and for several machines without MASTER_ADDR.
ProcessPlace find_process_place(const Environment& variable = environment_variable);

}  // namespace retort::train
