// The flags of pre-training on pairs of sentences (Devlin et al. 2019): the data, and the two phases of the published
// programs.
#pragma once

#include <string>

#include "retort/data/feature_cache.h"
#include "retort/train/training_config.h"

namespace retort::task {

struct PretrainingDataConfig {
  std::string data_dir, eval_dir;  // sentence shards or instances: a folder or one file
  int64_t max_predictions_per_seq = 20;
  double masked_lm_prob = 0.15, short_seq_prob = 0.1;
  bool whole_word_masking = false;
  data::CacheOptions cache;

  void fields(FieldList& list);
};

// One phase of pre-training: sequence length, batch and learning rate. Phase 1 is short sequences, phase 2 long ones.
struct PretrainingPhase {
  int64_t max_seq_length, max_predictions_per_seq;
  double learning_rate, warmup_proportion;
  int64_t max_steps, per_device_train_batch_size, gradient_accumulation_steps, save_steps;
};

// The published settings of BERT-large (NVIDIA's and Habana's run_pretraining; FP32 and bf16 alike): 8192 sequences of
// 128 tokens a step and device in phase 1, 4096 of 512 in phase 2. Throws InternalError for another phase than 1 or 2.
const PretrainingPhase& published_phase(int64_t phase);

}  // namespace retort::task
