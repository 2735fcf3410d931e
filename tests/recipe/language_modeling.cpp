// See language_modeling.h.
#include "recipe/language_modeling.h"

#include <fstream>

namespace retort::tiny {

namespace {

void write_text(const fs::path& path) {
  std::ofstream out(path);
  const Json data = read_json_file(train_file());
  int number = 0;
  for (const Json& article : data["data"])
    for (const Json& paragraph : article["paragraphs"])
      out << "<doc id=\"" << ++number << "\">\n" << paragraph["context"].get<std::string>() << "\n\n</doc>\n";
}

void set_common(task::CorpusConfig& corpus, train::TrainingConfig& training, const fs::path& folder) {
  corpus.data_file = folder / "corpus.tokens", corpus.eval_file = folder / "held_out.tokens";
  corpus.rows.max_seq_length = 64, corpus.rows.min_seq_length = 4;
  const train::TrainingConfig plain = squad_settings(folder).training;
  training.precision = plain.precision, training.threads = plain.threads;
  training.per_device_train_batch_size = 8, training.gradient_accumulation_steps = 1;
  training.learning_rate = 1e-2, training.save_steps = 0;
}

}  // namespace

recipe::BinarizeConfig binarize_settings(const fs::path& folder) {
  write_text(folder / "text.txt");
  recipe::BinarizeConfig config;
  config.file_path = folder / "text.txt", config.model = bert_folder();
  config.output_file = folder / "corpus.tokens", config.held_out_file = folder / "held_out.tokens";
  config.held_out_every = 4;
  return config;
}

recipe::PretrainConfig pretrain_settings(const fs::path& folder, const fs::path& output_dir) {
  recipe::PretrainConfig config;
  config.model.model = bert_folder();
  config.output.output_dir = output_dir;
  config.training.num_train_epochs = 30;
  set_common(config.corpus, config.training, folder);
  config.corpus.eval_file = config.corpus.data_file;
  return config;
}

recipe::DistillMlmConfig distill_mlm_settings(const fs::path& folder, const fs::path& student,
                                              const fs::path& output_dir) {
  recipe::DistillMlmConfig config;
  config.model.model = student, config.teacher.teacher = folder / "teacher";
  config.output.output_dir = output_dir;
  config.training.num_train_epochs = 2;
  config.log_interval = config.checkpoint_interval = 0;
  set_common(config.corpus, config.training, folder);
  return config;
}

}  // namespace retort::tiny
