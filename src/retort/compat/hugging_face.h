// Hugging Face's run_squad.py and run_glue.py.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

std::vector<Program> hugging_face_programs();

}  // namespace retort::compat
