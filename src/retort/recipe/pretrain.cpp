#include "retort/recipe/pretrain.h"

#include "retort/recipe/mlm_training.h"
#include "retort/recipe/settings.h"

namespace retort::recipe {

PretrainConfig::PretrainConfig() {
  corpus.rows.max_seq_length = 128;
  training.num_train_epochs = 1;
  training.learning_rate = 1e-4;
  training.per_device_train_batch_size = 64;
  training.warmup_proportion = 0.05;
  training.weight_decay = 0.01;
  training.adam_beta2 = 0.98, training.adam_epsilon = 1e-6;
}

void PretrainConfig::fields(FieldList& list) {
  list.group("Objective");
  list.add("objective", objective,
           {.help = "What is learned: mlm, the masked words of a token file.", .choices = {"mlm"}});
  model.training_fields(list);
  corpus.fields(list);
  training.fields(list);
  output.fields(list);
}

Json pretrain(const PretrainConfig& config) {
  const LanguageLossConfig losses{.alpha_ce = 0, .alpha_mlm = 1};
  return train_language_model(
      {config.model, config.corpus, losses, config.training, config.output, settings_of("pretrain", config)});
}

}  // namespace retort::recipe
