// The targets of a student: a teacher's outputs, computed in each step or read from a cache.
#pragma once

#include <functional>

#include "retort/distill/teacher.h"
#include "retort/distill/teacher_cache.h"
#include "retort/train/training_config.h"

namespace retort::distill {

// Returns the teacher's outputs for a batch, without gradients; `sequence_keys` are the dropout keys of the sequences.
using TeacherTargets = std::function<model::ModelOutput(const data::Batch&, std::span<const uint64_t> sequence_keys)>;

// The states of a teacher that a student is trained to match; layers count from 0.
struct StateSelection {
  std::vector<int64_t> hidden_layers = {};     // -1: the output of the embeddings
  std::vector<int64_t> attention_layers = {};  // in the order of ModelOutput::attention
  bool has_scores = false, has_contexts = false;
};

// How the targets of a data set are obtained: the teacher computes them in every step, or a cache of its outputs holds
// them.
struct TargetPlan {
  const Teacher& teacher;
  const data::RowSet& rows;
  TeacherOutputs outputs;  // the content of the cache
  bool is_cached = false;
  fs::path cache_dir = {};
  std::string cache_key = {};
  int64_t max_tokens_per_batch = 0;
  TeacherTargets compute = {};                                              // without a cache
  std::function<model::ModelOutput(const at::Tensor& values)> unpack = {};  // of cached values
};

// Plans the targets of all rows. Outputs are cached if the teacher's `teacher_cache` asks for it; with `auto`, if
// training uses the outputs of a row more than once and the disk has room, or if a complete cache exists. Checks the
// cache folder and writes nothing to it. Teacher and rows must outlive the plan and its targets. Throws UserError for a
// folder that cannot hold the cache.
//
// Float32 logits only.
TargetPlan plan_logit_targets(const Teacher& teacher, const data::RowSet& rows, const train::TrainingConfig& training);
// The selected states only: `hidden_states` has an entry for each layer, embeddings first, undefined for layers that
// are not selected, or only the last layer's when no other is selected; `qkv` has no valid values.
TargetPlan plan_state_targets(const Teacher& teacher, const StateSelection& selection, const data::RowSet& rows,
                              const train::TrainingConfig& training);

// Fills the plan's cache if it is incomplete, which can take as long as an evaluation of the training data.
TeacherTargets make_targets(const TargetPlan& plan);

}  // namespace retort::distill
