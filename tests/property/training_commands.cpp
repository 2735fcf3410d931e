// See training_commands.h.
#include "property/training_commands.h"

#include <algorithm>

#include "property/far_device_run.h"
#include "recipe/distill_squad_settings.h"
#include "recipe/language_modeling.h"
#include "recipe/state_distillation.h"

namespace retort::program {
namespace {

// Token files, sentence shards and students, made once.
const fs::path& data_folder() {
  static const tiny::TemporaryFolder folder;
  static const bool is_filled = [] {
    recipe::binarize(tiny::binarize_settings(folder.path()));
    fs::create_directory(folder / "shards");
    write_file_atomically(folder / "shards/a_training_0.txt", tiny::sentence_shard());
    tiny::make_student(folder / "student", [](model::ModelConfig&) {});
    return true;
  }();
  static_cast<void>(is_filled);
  return folder.path();
}

Words finetune_squad(const fs::path& output_dir) {
  recipe::FinetuneSquadConfig config = tiny::squad_settings(output_dir);
  config.data.dev_file = tiny::dev_file();
  config.training.learning_rate = 1e-3, config.training.max_steps = 4;
  return words_of_config({"finetune", "squad"}, config, output_dir);
}

// In bfloat16, with two micro-batches a step whose activations are computed twice.
Words finetune_squad_in_bf16(const fs::path& output_dir) {
  recipe::FinetuneSquadConfig config = tiny::squad_settings(output_dir);
  config.data.dev_file = tiny::dev_file();
  config.training.learning_rate = 1e-3, config.training.max_steps = 4;
  config.training.precision = "bf16", config.training.gradient_accumulation_steps = 2;
  config.training.checkpoint_activations = true;
  return words_of_config({"finetune", "squad"}, config, output_dir);
}

Words finetune_glue(const std::string& task, const fs::path& output_dir) {
  recipe::FinetuneGlueConfig config = tiny::glue_settings(task, output_dir);
  config.training.learning_rate = 1e-3, config.training.max_steps = 4;
  return words_of_config({"finetune", "glue"}, config, output_dir);
}

Words distill_squad(const fs::path& output_dir, const std::string& cache) {
  recipe::DistillSquadConfig config = tiny::distill_squad_settings(output_dir);
  config.data.dev_file = tiny::dev_file();
  config.training.learning_rate = 1e-3, config.training.max_steps = 4;
  config.teacher.teacher_cache = cache;
  return words_of_config({"distill", "squad"}, config, output_dir);
}

Words distill_mlm(const fs::path& output_dir) {
  recipe::DistillMlmConfig config = tiny::distill_mlm_settings(data_folder(), tiny::bert_folder(), output_dir);
  config.teacher.teacher = tiny::bert_folder();  // its head is random
  config.corpus.rows.max_seq_length = 32;
  config.losses.alpha_ce = 5, config.losses.alpha_mlm = 2, config.losses.alpha_cos = 1;
  config.training.max_steps = 4, config.training.learning_rate = 1e-3;
  config.training.logging_steps = 1;
  return words_of_config({"distill", "mlm"}, config, output_dir);
}

Words distill_backbone(const fs::path& output_dir) {
  recipe::DistillBackboneConfig config = tiny::backbone_settings(output_dir, data_folder() / "student");
  config.training.max_steps = 4;
  return words_of_config({"distill", "backbone"}, config, output_dir);
}

Words distill_prediction(const fs::path& output_dir) {
  recipe::DistillPredictionConfig config = tiny::prediction_settings(output_dir, data_folder() / "student");
  config.training.max_steps = 4;
  return words_of_config({"distill", "prediction"}, config, output_dir);
}

Words pretrain_mlm(const fs::path& output_dir) {
  recipe::PretrainConfig config = tiny::pretrain_settings(data_folder(), output_dir);
  config.training.max_steps = 4, config.training.logging_steps = 1;
  return words_of_config({"pretrain"}, config, output_dir);
}

Words pretrain_pairs(const fs::path& output_dir) {
  recipe::PretrainConfig config;
  config.objective = "mlm_nsp";
  config.model.model = tiny::bert_folder();
  config.pairs.data_dir = config.pairs.eval_dir = data_folder() / "shards";
  config.pairs.max_predictions_per_seq = 5;
  config.pairs.cache.cache_dir = output_dir.string() + ".cache";
  config.corpus.rows.max_seq_length = 32;
  config.training.optimizer = "lamb", config.training.lr_scheduler_type = "nvidia_poly";
  config.training.learning_rate = 1e-2, config.training.warmup_proportion = 0.1;
  config.training.per_device_train_batch_size = 8, config.training.gradient_accumulation_steps = 1;
  config.training.max_steps = 4, config.training.logging_steps = 1, config.training.save_steps = 0;
  config.training.precision = "fp32", config.training.threads = 1, config.training.tensorboard = false;
  return words_of_config({"pretrain"}, config, output_dir);
}

}  // namespace

const std::vector<TrainingCommand>& training_commands() {
  static const std::vector<TrainingCommand> commands{
      {"finetune_squad", finetune_squad, {"model.safetensors", "predictions.json", "nbest_predictions.json"}},
      {"finetune_squad_in_bf16", finetune_squad_in_bf16, {"model.safetensors", "predictions.json"}},
      {"finetune_glue_with_classes",
       [](const fs::path& output_dir) { return finetune_glue("mrpc", output_dir); },
       {"model.safetensors", "predictions_mrpc.tsv"}},
      {"finetune_glue_with_numbers",
       [](const fs::path& output_dir) { return finetune_glue("sts-b", output_dir); },
       {"model.safetensors", "predictions_sts-b.tsv"}},
      {"distill_squad",
       [](const fs::path& output_dir) { return distill_squad(output_dir, "off"); },
       {"model.safetensors", "predictions.json"},
       2},
      {"distill_squad_with_cache",
       [](const fs::path& output_dir) { return distill_squad(output_dir, output_dir.string() + ".cache"); },
       {"model.safetensors", "predictions.json"},
       2},
      {"distill_mlm", distill_mlm, {"model.safetensors"}, 2},
      {"distill_backbone", distill_backbone, {"model.safetensors", "project.safetensors"}, 2},
      {"distill_prediction", distill_prediction, {"model.safetensors"}, 2},
      {"pretrain_mlm", pretrain_mlm, {"model.safetensors"}},
      {"pretrain_pairs", pretrain_pairs, {"model.safetensors"}},
  };
  return commands;
}

std::vector<TrainingCommand> training_commands(const std::vector<std::string>& names) {
  std::vector<TrainingCommand> chosen;
  for (const TrainingCommand& command : training_commands())
    if (std::ranges::count(names, command.name) > 0) chosen.push_back(command);
  return chosen;
}

}  // namespace retort::program
