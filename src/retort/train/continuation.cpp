#include "retort/train/continuation.h"

#include "retort/base/error.h"

namespace retort::train {

void check_continues(const ResumeState& state, const TrainingConfig& config, const data::Source& source,
                     const std::string& data_hash) {
  if (state.seed != config.seed)
    throw UserError("`seed` must be {} as in the run that is continued, but is {}", state.seed, config.seed);
  if (state.sequences_per_epoch != source.sequences_per_epoch())
    throw UserError(
        "the training data must be those of the run that is continued, {} sequences, but are {}; give the same files "
        "and settings of the data",
        state.sequences_per_epoch, source.sequences_per_epoch());
  if (!data_hash.empty() && !state.data_hash.empty() && state.data_hash != data_hash)
    throw UserError(
        "the training data must be those of the run that is continued, but hold other tokens or labels; give the same "
        "files and settings of the data");
  const int64_t before = state.sequences_per_step, now = source.sequences_per_step();
  if (before != now && source.order_needs_step_size())
    throw UserError(
        "a step must hold {} sequences as in the run that is continued, because `group_by_length` is on, but holds {}; "
        "give the same batch size, and with another number of processes other `gradient_accumulation_steps`",
        before, now);
}

}  // namespace retort::train
