#include "retort/train/source_options.h"

#include "retort/train/process_group.h"

namespace retort::train {

data::ShuffledSourceOptions source_options(const TrainingConfig& training) {
  return {.seed = static_cast<uint64_t>(training.seed),
          .batch_size = training.per_device_train_batch_size,
          .gradient_accumulation_steps = training.gradient_accumulation_steps,
          .max_tokens_per_micro_batch = training.micro_batch_tokens(),
          .drop_last = training.dataloader_drop_last,
          .group_by_length = training.group_by_length,
          .process_count = process_group().world_size(),
          .process = process_group().rank()};
}

}  // namespace retort::train
