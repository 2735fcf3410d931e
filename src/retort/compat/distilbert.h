// Hugging Face's DistilBERT: token files, counts, a student, training.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

std::vector<Program> distilbert_programs();

}  // namespace retort::compat
