#include "retort/recipe/finetune_squad.h"

#include "retort/base/log.h"
#include "retort/decode/squad_files.h"
#include "retort/recipe/run_start.h"
#include "retort/recipe/settings.h"
#include "retort/recipe/squad.h"
#include "retort/recipe/squad_unit.h"
#include "retort/train/trainer.h"

namespace retort::recipe {

FinetuneSquadConfig::FinetuneSquadConfig() {
  training.num_train_epochs = 2;
  training.learning_rate = 3e-5;
  training.per_device_train_batch_size = 32;
}

void FinetuneSquadConfig::fields(FieldList& list) {
  model.fields(list);
  data.fields(list, true);
  training.fields(list);
  output.fields(list);
}

Json finetune_squad(const FinetuneSquadConfig& config) {
  config.training.apply_to_process();
  checkpoint::RunFolder run = start_run(config.output, config.training.save_total_limit);
  const Json settings = settings_of(config);
  const auto seed = static_cast<uint64_t>(config.training.seed);
  LoadedModel loaded = load_model(config.model, {.head = model::Head::kQuestionAnswering,
                                                 .may_start_head = true,
                                                 .model = training_model_options(config.training),
                                                 .seed = seed});
  const SquadDataConfig& data = config.data;
  const auto features = std::make_shared<data::SquadFeatures>(data::load_squad_training(
      squad_source(data, data.train_file, data.max_train_examples, seed, *loaded.model), *loaded.tokenizer));
  std::optional<data::SquadEvaluationSet> dev;
  if (!data.dev_file.empty())
    dev = data::load_squad_evaluation(squad_source(data, data.dev_file, data.max_eval_examples, seed, *loaded.model),
                                      *loaded.tokenizer);
  log_info("{} training features from `{}`", features->feature_count(), data.train_file);

  const data::SquadRowSet rows(features, true);
  SquadUnit unit(loaded, data, config.training.micro_batch_tokens(), dev ? &*dev : nullptr);
  data::ShuffledSource source(rows, source_options(config.training));
  train::Trainer trainer(unit, source, config.training, &run);
  if (config.output.resume) trainer.resume();
  run.write_config(settings);
  Json results = trainer.run().to_json();

  if (dev) {
    const SquadEvaluation evaluation = unit.predict(*dev);
    Json scores = score_squad_evaluation(*dev, evaluation, data.features.version_2_with_negative);
    scores.update(results);
    results = std::move(scores);
    decode::write_squad_files(run.path(), dev->data, evaluation.predictions, data.features.version_2_with_negative);
  }
  finish_run(run, *loaded.model, *loaded.tokenizer, "question answering", settings, results);
  return results;
}

}  // namespace retort::recipe
