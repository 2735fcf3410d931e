// What a student is trained towards: a teacher's outputs, from the teacher itself or from what it said before.
#pragma once

#include <functional>

#include "retort/distill/teacher.h"
#include "retort/train/training_config.h"

namespace retort::distill {

// The teacher's outputs for a batch, without gradients; the keys are those of the sequences' dropout.
using TeacherTargets = std::function<model::ModelOutput(const data::Batch&, std::span<const uint64_t> sequence_keys)>;

// The states inside a teacher that a student learns, of layers from 0.
struct StateSelection {
  std::vector<int64_t> hidden_layers = {};     // -1: the output of the embeddings
  std::vector<int64_t> attention_layers = {};  // in the order of ModelOutput::attention
  bool has_scores = false, has_contexts = false;
};

// Both compute in every step, or keep what the teacher says in a cache where its `teacher_cache` asks for that: with
// auto, when training uses the outputs of a row more than once and there is room, or when a whole cache is there.
// Teacher and rows must outlive the function.
//
// Logits alone, float32. `report` is called once the cache's folder is known to be good, before the teacher fills it.
TeacherTargets logit_targets(
    const Teacher& teacher, const data::RowSet& rows, const train::TrainingConfig& training,
    const std::function<void()>& report = [] {});
// The chosen states alone: `hidden_states` holds those of all layers, embeddings first, undefined where they were not
// chosen, or, when the last layer is the only one, just that; the values in `qkv` are not to be read.
TeacherTargets state_targets(const Teacher& teacher, const StateSelection& selection, const data::RowSet& rows,
                             const train::TrainingConfig& training);

}  // namespace retort::distill
