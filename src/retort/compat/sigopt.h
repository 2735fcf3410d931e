// The plain run and the search of optimizing-distilbert-squad.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

std::vector<Program> sigopt_programs();

}  // namespace retort::compat
