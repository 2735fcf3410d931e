// What a student is trained towards: a teacher's outputs, from the teacher itself or from what it said before.
#pragma once

#include <functional>

#include "retort/distill/teacher.h"
#include "retort/distill/teacher_cache.h"
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

// How the targets of a data set are had: computed by the teacher in every step, or read from a cache of its outputs.
struct TargetPlan {
  const Teacher& teacher;
  const data::RowSet& rows;
  TeacherOutputs outputs;  // what the cache holds
  bool is_cached = false;
  fs::path cache_dir = {};
  std::string cache_key = {};
  int64_t max_tokens_per_batch = 0;
  TeacherTargets compute = {};                                              // without a cache
  std::function<model::ModelOutput(const at::Tensor& values)> unpack = {};  // with one: the outputs of cached values
};

// Plans the targets of all rows. The outputs are cached where `teacher_cache` of the teacher asks for it; with `auto`,
// when training uses the outputs of a row more than once and the disk has room, or when a complete cache exists. Checks
// the folder of the cache and writes nothing to it. Teacher and rows must outlive the plan and its targets. Throws
// UserError for a folder that cannot hold the cache.
//
// Logits only, float32.
TargetPlan plan_logit_targets(const Teacher& teacher, const data::RowSet& rows, const train::TrainingConfig& training);
// The selected states only: `hidden_states` holds those of all layers, embeddings first, undefined where they were not
// selected, or only the last layer's when no other is selected; the values in `qkv` are not to be read.
TargetPlan plan_state_targets(const Teacher& teacher, const StateSelection& selection, const data::RowSet& rows,
                              const train::TrainingConfig& training);

// Fills the cache, where the plan has one that is not complete, which may take as long as an epoch of evaluation.
TeacherTargets make_targets(const TargetPlan& plan);

}  // namespace retort::distill
