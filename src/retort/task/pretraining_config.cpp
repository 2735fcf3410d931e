#include "retort/task/pretraining_config.h"

#include "retort/base/error.h"

namespace retort::task {

void PretrainingDataConfig::fields(FieldList& list) {
  list.group("Pairs of sentences (--objective mlm_nsp)");
  list.add("data_dir", data_dir,
           {.help = "Training data: a folder or a file of sentence shards (*.txt, one sentence a line, a blank line "
                    "between documents), whose pairs and masks are made anew in each epoch; or of instances (*.hdf5, "
                    "packed or not; *.parquet).",
            .aliases = {"input_dir"}});
  list.add("eval_dir", eval_dir, {.help = "Held-out data in one of the same forms."});
  list.add("max_predictions_per_seq", max_predictions_per_seq,
           {.help = "Most masked tokens of a pair.", .unit = "tokens", .min = 1});
  list.add("masked_lm_prob", masked_lm_prob, {.help = "Share of the tokens that are masked.", .min = 0, .max = 1});
  list.add("short_seq_prob", short_seq_prob,
           {.help = "Share of the pairs that are made shorter than max_seq_length.", .min = 0, .max = 1});
  list.add("whole_word_masking", whole_word_masking, {.help = "Mask all pieces of a word together."});
  cache.fields(list);
}

const PretrainingPhase& published_phase(int64_t phase) {
  static const PretrainingPhase kFirst{.max_seq_length = 128,
                                       .max_predictions_per_seq = 20,
                                       .learning_rate = 6e-3,
                                       .warmup_proportion = 0.2843,
                                       .max_steps = 7038,
                                       .per_device_train_batch_size = 64,
                                       .gradient_accumulation_steps = 128,
                                       .save_steps = 200};
  static const PretrainingPhase kSecond{.max_seq_length = 512,
                                        .max_predictions_per_seq = 80,
                                        .learning_rate = 4e-3,
                                        .warmup_proportion = 0.128,
                                        .max_steps = 1563,
                                        .per_device_train_batch_size = 8,
                                        .gradient_accumulation_steps = 512,
                                        .save_steps = 200};
  RETORT_CHECK(phase == 1 || phase == 2, "phase {} of pre-training", phase);
  return phase == 1 ? kFirst : kSecond;
}

}  // namespace retort::task
