// See state_distillation.h.
#include "recipe/state_distillation.h"

#include "retort/model/config_reader.h"
#include "retort/pretrained/model_folder.h"

namespace retort::tiny {

namespace {

template <typename Config>
Config settings_of(const fs::path& output_dir, const fs::path& student) {
  const recipe::FinetuneSquadConfig plain = squad_settings(output_dir);
  Config config;
  config.model.model = student;
  config.teacher.teacher = question_answering_folder();
  config.data.task_name = "squad";
  config.data.train_file = plain.data.train_file, config.data.dev_file = plain.data.dev_file;
  config.data.max_seq_length = plain.data.features.max_seq_length;
  config.data.windows = plain.data.features;
  config.data.cache = plain.data.cache;
  const train::TrainingConfig defaults = config.training;
  config.training = plain.training, config.output = plain.output;
  config.training.optimizer = defaults.optimizer, config.training.weight_decay = defaults.weight_decay;
  config.training.learning_rate = 1e-3;
  return config;
}

}  // namespace

fs::path make_student(const fs::path& folder, const std::function<void(model::ModelConfig&)>& change) {
  const text::Tokenizer tokenizer = text::Tokenizer::load(bert_folder());
  model::ModelConfig config = model::config_from_json(read_json_file(bert_folder() / "config.json"), "tiny");
  config.num_hidden_layers = 1, config.hidden_size = 16;
  change(config);
  model::Model model(config, model::Head::kNone, {});
  model.parameters().initialize(5, config.initializer_range);
  fs::create_directory(folder);
  pretrained::save_model_folder(folder, model, tokenizer);
  return folder;
}

recipe::DistillBackboneConfig backbone_settings(const fs::path& output_dir, const fs::path& student) {
  return settings_of<recipe::DistillBackboneConfig>(output_dir, student);
}

recipe::DistillPredictionConfig prediction_settings(const fs::path& output_dir, const fs::path& student) {
  auto config = settings_of<recipe::DistillPredictionConfig>(output_dir, student);
  config.teacher.teacher_cache = "off";
  return config;
}

}  // namespace retort::tiny
