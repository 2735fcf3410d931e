// Published programs that have no command here.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

std::vector<Program> missing_programs();

}  // namespace retort::compat
