// Which of the processes of its machine this one is.
#pragma once

#include "retort/kernel/open_device.h"
#include "retort/train/rank_discovery.h"

namespace retort::train {

// Reads torchrun's and `retort launch`'s LOCAL_RANK and LOCAL_WORLD_SIZE, else Open MPI's
// OMPI_COMM_WORLD_LOCAL_RANK and _SIZE, else Intel MPI's and MPICH's MPI_LOCALRANKID and MPI_LOCALNRANKS, else Slurm's
// SLURM_LOCALID; 0 of 1 without any. A value that is no number counts as missing: discover_rank reports it.
kernel::LocalProcess local_process(const Environment& variable = environment_variable);

}  // namespace retort::train
