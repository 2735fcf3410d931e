// What the programs that distill question answering have in common: transformers' run_squad_w_distillation.py, Habana's
// form of it and its wrapper.
#pragma once

#include "retort/compat/shared_options.h"

namespace retort::compat {

// Options of run_squad_w_distillation.py in transformers' research projects, and those that Habana adds.
Options question_distillation_options();

// The step that trains, with or without a teacher; `--teacher_type` decides. Throws UserError where the program's own
// checks fail.
Step& add_question_distillation(Translator& translator);

}  // namespace retort::compat
