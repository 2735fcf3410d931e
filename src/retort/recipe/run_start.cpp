#include "retort/recipe/run_start.h"

#include "retort/recipe/model_folder.h"
#include "retort/recipe/projection_file.h"
#include "retort/train/process_group.h"

namespace retort::recipe {

std::optional<checkpoint::RunFolder> start_run(const train::OutputConfig& output, int64_t save_total_limit) {
  if (!train::process_group().is_main()) return std::nullopt;
  using checkpoint::RunStart;
  const RunStart start = output.resume                 ? RunStart::kResume
                         : output.overwrite_output_dir ? RunStart::kOverwrite
                                                       : RunStart::kNew;
  return std::optional<checkpoint::RunFolder>(
      std::in_place, checkpoint::RunFolderOptions{
                         .output_dir = output.output_dir, .start = start, .save_total_limit = save_total_limit});
}

data::ShuffledSourceOptions source_options(const train::TrainingConfig& training) {
  return {.seed = static_cast<uint64_t>(training.seed),
          .batch_size = training.per_device_train_batch_size,
          .gradient_accumulation_steps = training.gradient_accumulation_steps,
          .max_tokens_per_micro_batch = training.micro_batch_tokens(),
          .drop_last = training.dataloader_drop_last,
          .group_by_length = training.group_by_length,
          .process_count = train::process_group().size(),
          .process = train::process_group().rank()};
}

model::ModelOptions training_model_options(const train::TrainingConfig& training) {
  return {.precision = training.precision_kind(),
          .with_gradients = true,
          .checkpoint_activations = training.checkpoint_activations};
}

void finish_run(checkpoint::RunFolder& run, const model::Model& model, const text::Tokenizer& tokenizer,
                const std::string& task, const Json& settings, const Json& results) {
  run.publish_files(
      [&](const fs::path& folder) {
        save_model_folder(folder, model, tokenizer);
        save_model_card(folder, model, task, settings, results);
      },
      4 * model.parameters().parameter_count() + (1 << 20));
  drop_older_projection(run.path(), model);
  run.write_results(results);
  run.write_done();
}

}  // namespace retort::recipe
