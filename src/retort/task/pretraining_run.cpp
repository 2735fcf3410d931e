#include "retort/task/pretraining_run.h"

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/checkpoint/checkpoint_list.h"
#include "retort/checkpoint/torch_optimizer.h"
#include "retort/kernel/host_copy.h"
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

namespace {

// The weights of a published ckpt_N.pt, in float32 where it has them so, and the moments if it holds an optimizer. Its
// file stays open until the moments are read.
void start_from_published(const InitialCheckpoint& from, TrainingRun& run, pretrained::LoadedModel& loaded) {
  model::Model& model = *loaded.model;
  const auto filled = pretrained::fill_from_files(model, checkpoint::open_weights(from.path), {});
  if (!filled.missing.empty())
    throw UserError("`{}` must hold all weights of the model, but lacks `{}`; name another", from.path,
                    filled.missing.front());
  if (!checkpoint::has_optimizer(from.path)) {
    if (from.continues_steps)
      throw UserError(
          "`{}` must hold the state of an optimizer, as `continue_steps` is given, but does not; name another",
          from.path);
    return log_info("starting from the weights of `{}`, which holds no optimizer", from.path);
  }
  const auto file = std::make_shared<const checkpoint::TorchOptimizerFile>(from.path);
  const checkpoint::TorchOptimizerContent& content = file->content();
  if (from.continues_steps && !content.step)
    throw UserError(
        "`{}` must state the step of its optimizer, as `continue_steps` is given, but does not; name another",
        from.path);
  const auto fill = [&model, path = from.path](const at::Tensor& values, const auto& tensors) {
    kernel::edit_on_host(values,
                         [&](std::span<float> flat) { pretrained::fill_like_parameters(model, tensors, flat, path); });
  };
  fill(model.parameters().values(), content.masters);
  model.parameters().refresh_operands();
  const int64_t step = from.continues_steps ? *content.step : 0;
  run.start_with(
      [file, fill](optim::Optimizer& optimizer) {
        fill(optimizer.first_moments(), file->content().first_moments);
        fill(optimizer.second_moments(), file->content().second_moments);
      },
      step);
  log_info("starting from the weights and moments of `{}`, which are of step {}, at step {}", from.path,
           content.step.value_or(0), step);
}

}  // namespace

void start_from(const InitialCheckpoint& from, TrainingRun& run, pretrained::LoadedModel& loaded) {
  if (from.path.empty()) return;
  const fs::path path = from.path;
  if (fs::is_regular_file(path)) return start_from_published(from, run, loaded);
  const auto found = checkpoint::list_checkpoints(path);
  const bool is_checkpoint = fs::exists(path / train::kTrainerStateFile);
  if (!is_checkpoint && found.empty())
    throw UserError("`init_checkpoint` must be a checkpoint, a run folder with checkpoints, or a .pt file, but is `{}`",
                    from.path);
  if (from.continues_steps)
    throw UserError(
        "`continue_steps` must be given with a published ckpt_N.pt, but `{}` is a run of retort; continue it "
        "with --resume",
        from.path);
  run.start_from(is_checkpoint ? path : found.back().path);
}

Json finish_pretraining_run(TrainingRun& run, const pretrained::LoadedModel& loaded, PretrainingUnit& unit,
                            const Json& rates) {
  Json results = run.evaluate([&] { return unit.evaluate(); });
  if (!run.has_folder()) return {};
  results.update(rates);
  run.finish(loaded, "pre-training", results);
  return results;
}

}  // namespace retort::task
