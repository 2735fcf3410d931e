// Habana's wrappers of Model-References.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

std::vector<Program> habana_programs();

}  // namespace retort::compat
