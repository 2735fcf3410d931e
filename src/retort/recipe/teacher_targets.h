// What a student is trained towards: a teacher's outputs, from the teacher itself or from what it said before.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "retort/data/batch.h"
#include "retort/recipe/model_folder.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

// The teacher's outputs of a batch, without gradient.
using TeacherTargets = std::function<at::Tensor(const data::Batch&)>;

// The logits of the teacher in evaluation mode, computed for every batch anew. The teacher must outlive the function.
TeacherTargets logits_on_the_fly(const model::Model& teacher);

// The same through a cache where `teacher_cache` ("auto", "off", a folder) asks for it: with auto, when training uses
// the outputs of a row more than once or a whole cache is there.
TeacherTargets cached_logits(const model::Model& teacher, const std::string& teacher_cache, const data::RowSet& rows,
                             const train::TrainingConfig& training);

// Throws UserError unless the teacher reads what the student reads: one vocabulary, and rows of `max_seq_length`.
void check_teacher(const LoadedModel& student, const LoadedModel& teacher, const std::string& teacher_name,
                   int64_t max_seq_length);

}  // namespace retort::recipe
