// Everything about a run that is neither a weight nor an optimizer moment, as `trainer_state.json` in each checkpoint.
// The file has the keys that users of the Hugging Face Trainer know, so that its TrainerState.load_from_json reads it;
// what only an exact resume needs is under stateful_callbacks.RetortResume.attributes, the Trainer's place for
// extensions. Numbers are restored bit for bit.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/base/json.h"

namespace retort::train {

inline constexpr const char* kTrainerStateFile = "trainer_state.json";

// Where and how the run continues: a checkpoint holds the state after `global_step` whole optimizer steps.
struct ResumeState {
  int64_t data_epoch = 0;           // complete passes over the data
  int64_t data_sequence = 0;        // sequences drawn from the current pass
  int64_t sequences_per_epoch = 0;  // of one pass
  std::string data_hash = {};       // of the content of the training data; empty where it is not known
  int64_t sequences_per_step = 0;   // of the steps so far
  int64_t sequences_seen = 0;       // since step 0
  int64_t tokens_seen = 0;          // since step 0, real tokens
  int64_t seed = 0;                 // with the counters above it determines every random number
  int64_t skipped_steps = 0;        // updates skipped because loss or gradient was not finite
  double loss_sum = 0;              // of the logging window, so that the next log line is the same as without the stop
  int64_t loss_count = 0;           // number of terms in loss_sum
  std::map<std::string, double> component_sums = {};  // losses that the loss is made of, in the logging window
  int64_t component_steps = 0;                        // number of terms in each
  double train_seconds = 0;                           // spent training before this checkpoint
  bool evaluation_is_due = false;                     // a signal interrupted the evaluation of this step
  // The token budget of micro-batches, where it is smaller than the configured one because memory is short; 0: as
  // configured. Beside it the setting that it replaces: another setting takes effect when the run continues.
  int64_t micro_batch_tokens = 0, replaced_micro_batch_tokens = 0;
  double loss_scale = 0;                 // of the next step, in fp16; 0: there is none
  int64_t loss_scale_steps = 0;          // finite steps since it changed
  std::vector<Json> graph_buckets = {};  // of graph mode, once they are chosen; see graph_buckets.h
};

struct TrainerState {
  int64_t global_step = 0;
  double epoch = 0;  // with fraction
  int64_t max_steps = 0;
  int64_t num_train_epochs = 0;
  int64_t train_batch_size = 0;  // sequences per device and micro-step, as configured
  int64_t logging_steps = 0;
  int64_t eval_steps = 0;
  int64_t save_steps = 0;
  double total_flos = 0;
  std::optional<double> best_metric;
  std::optional<int64_t> best_global_step;
  std::string best_model_checkpoint;  // empty: none
  std::vector<Json> log_history;      // one object per log line, with `epoch` and `step`
  ResumeState resume;

  Json to_json() const;
  // `subject` names the source in errors. Throws UserError for a missing or wrongly typed field.
  static TrainerState from_json(const Json& values, const std::string& subject);
};

void save_trainer_state(const fs::path& checkpoint, const TrainerState& state);
TrainerState load_trainer_state(const fs::path& checkpoint);

}  // namespace retort::train
