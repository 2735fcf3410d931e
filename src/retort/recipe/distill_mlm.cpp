#include "retort/recipe/distill_mlm.h"

#include <algorithm>

#include "retort/recipe/mlm_training.h"
#include "retort/recipe/settings.h"

namespace retort::recipe {

// The published trainer's defaults.
DistillMlmConfig::DistillMlmConfig() {
  training.num_train_epochs = 3;
  training.per_device_train_batch_size = 5;
  training.gradient_accumulation_steps = 50;
  training.learning_rate = 5e-4;
  training.warmup_proportion = 0.05;
  training.adam_beta2 = 0.98, training.adam_epsilon = 1e-6;
  training.max_grad_norm = 5;
  training.seed = 56;
  training.group_by_length = true;
}

void DistillMlmConfig::fields(FieldList& list) {
  model.training_fields(list);
  teacher.fields(list, {.may_keep_outputs = false});
  for (const char* name : {"teacher_name", "bert_model"}) list.find("teacher")->spec.aliases.push_back(name);
  losses.fields(list);
  list.add("freeze_pos_embs", freeze_pos_embs, {.help = "Do not train the position embeddings."});
  list.add("freeze_token_type_embds", freeze_token_type_embds, {.help = "Do not train the token-type embeddings."});
  corpus.fields(list);
  training.fields(list);
  output.fields(list);
  for (const char* name :
       {"n_layers", "n_heads", "dim", "hidden_dim", "activation", "vocab_size", "max_position_embeddings"})
    list.accept({name, true, "config.json of the student says it"});
  for (const char* name : {"sinusoidal_pos_embds", "tie_weights_"})
    list.accept({name, false, "config.json of the student says it"});
  for (const char* name : {"shuffle", "group_by_size"})
    list.accept({name, false, "every epoch has an order of its own, and `--group_by_length` decides about lengths"});
  // The published program counts batches, not steps.
  for (const char* field : {"logging_steps", "save_steps"})
    std::erase_if(list.find(field)->spec.aliases, [](const std::string& name) { return name.ends_with("_interval"); });
  list.add("log_interval", log_interval,
           {.help = "A log line every so many batches, in place of logging_steps.", .unit = "batches", .min = 0});
  list.add("checkpoint_interval", checkpoint_interval,
           {.help = "A checkpoint every so many batches, in place of save_steps.", .unit = "batches", .min = 0});
  list.accept({"tokens_per_batch", true,
               "a batch has so many sequences, and `--max_tokens_per_micro_batch` bounds what is in memory"});
}

Json distill_mlm(const DistillMlmConfig& given) {
  DistillMlmConfig config = given;
  config.losses.check();
  const int64_t batches = config.training.gradient_accumulation_steps;
  const auto to_steps = [&](int64_t interval) { return std::max<int64_t>(1, interval / batches); };
  if (config.log_interval > 0) config.training.logging_steps = to_steps(config.log_interval);
  if (config.checkpoint_interval > 0) config.training.save_steps = to_steps(config.checkpoint_interval);
  std::vector<std::string> frozen;
  if (config.freeze_pos_embs) frozen.emplace_back("position");
  if (config.freeze_token_type_embds) frozen.emplace_back("segment");
  return train_language_model({config.model, config.corpus, config.losses, config.training, config.output,
                               settings_of("distill mlm", config), &config.teacher, frozen});
}

}  // namespace retort::recipe
