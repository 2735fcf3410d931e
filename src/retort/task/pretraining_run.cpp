#include "retort/task/pretraining_run.h"

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/checkpoint/checkpoint_list.h"
#include "retort/pretrained/model_weights.h"

namespace retort::task {

pretrained::LoadedModel load_pretraining_model(const pretrained::ModelSource& given,
                                               const train::TrainingConfig& training) {
  pretrained::ModelSource source = given;
  source.pad_vocabulary = true;
  return pretrained::load_model(source, {.head = model::Head::kPreTraining,
                                         .may_initialize_head = true,
                                         .may_initialize_encoder = true,
                                         .model = training_model_options(training),
                                         .seed = static_cast<uint64_t>(training.seed)});
}

void start_from(const std::string& checkpoint, TrainingRun& run, pretrained::LoadedModel& loaded) {
  if (checkpoint.empty()) return;
  const fs::path path = checkpoint;
  if (fs::is_regular_file(path)) {
    const auto filled = pretrained::fill_from_files(*loaded.model, checkpoint::open_weights(path), {});
    if (!filled.missing.empty())
      throw UserError("`{}` must hold all weights of the model, but lacks `{}`; name another", checkpoint,
                      filled.missing.front());
    log_info("starting from the weights of `{}`; its moments are not read", checkpoint);
    return;
  }
  const auto found = checkpoint::list_checkpoints(path);
  const bool is_checkpoint = fs::exists(path / train::kTrainerStateFile);
  if (!is_checkpoint && found.empty())
    throw UserError("`init_checkpoint` must be a checkpoint, a run folder with checkpoints, or a .pt file, but is `{}`",
                    checkpoint);
  run.start_from(is_checkpoint ? path : found.back().path);
}

Json finish_pretraining_run(TrainingRun& run, const pretrained::LoadedModel& loaded, PretrainingUnit& unit,
                            const Json& rates) {
  if (!run.has_folder()) return {};
  Json results = run.evaluate([&] { return unit.evaluate(); });
  results.update(rates);
  run.finish(loaded, "pre-training", results);
  return results;
}

}  // namespace retort::task
