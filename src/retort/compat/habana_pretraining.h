// Habana's wrapper of pre-training in two phases: demo_bert.py pretraining (Model-References 0.15.4).
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

std::vector<Program> habana_pretraining_programs();

}  // namespace retort::compat
