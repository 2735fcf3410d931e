// NVIDIA's distillation of BERT.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

std::vector<Program> nvidia_distillation_programs();

}  // namespace retort::compat
