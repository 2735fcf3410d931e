// Preparation of the corpus of pre-training: bertPrep.py, create_pretraining_data.py and create_datasets_from_start.sh
// of NVIDIA, which Habana uses too.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

std::vector<Program> corpus_preparation_programs();

}  // namespace retort::compat
