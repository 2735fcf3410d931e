// The program of pre-training that NVIDIA and Habana published, run_pretraining.py, and NVIDIA's run_pretraining.sh.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

std::vector<Program> run_pretraining_programs();

}  // namespace retort::compat
