// NVIDIA's fine-tuning programs.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

std::vector<Program> nvidia_programs();

}  // namespace retort::compat
