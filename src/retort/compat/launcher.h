// What precedes the program on a published command line: an interpreter, settings of the environment, a
// launcher of several processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace retort::compat {

struct LaunchedLine {
  std::string program;                 // file name without its folders: "run_squad.py"
  std::vector<std::string> arguments;  // after it
  std::string launcher = {};           // "torch.distributed.launch", "torchrun", "mpirun"; empty: none
  int64_t processes = 1;               // that the launcher would start on all machines
  int64_t machines = 1;
};

// Finds the program: the first word that ends in .py or .sh, after `python`, `python3 -m torch.distributed.launch
// ...`, `torchrun ...`, `mpirun -n 8 ...`, `bash`. Throws UserError when there is none, and for unknown words
// before it.
LaunchedLine read_launched_line(const std::vector<std::string>& words);

// The number of processes that torchrun, mpirun or srun started, from the environment; 1 without a launcher.
int64_t started_processes();
// Whether this is the process with rank 0, which writes the log.
bool is_first_process();

}  // namespace retort::compat
