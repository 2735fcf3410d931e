#include "retort/recipe/finetune_glue.h"

#include "retort/base/log.h"
#include "retort/recipe/glue.h"
#include "retort/recipe/glue_unit.h"
#include "retort/recipe/run_start.h"
#include "retort/recipe/settings.h"
#include "retort/train/trainer.h"

namespace retort::recipe {

FinetuneGlueConfig::FinetuneGlueConfig() {
  training.num_train_epochs = 3;
  training.learning_rate = 2e-5;
  training.per_device_train_batch_size = 32;
}

void FinetuneGlueConfig::fields(FieldList& list) {
  model.fields(list);
  data.fields(list, true);
  training.fields(list);
  output.fields(list);
}

Json finetune_glue(const FinetuneGlueConfig& config) {
  config.training.apply_to_process();
  checkpoint::RunFolder run = start_run(config.output, config.training.save_total_limit);
  const Json settings = settings_of(config);
  const data::GlueTask& task = config.data.task();
  const auto seed = static_cast<uint64_t>(config.training.seed);
  LoadedModel loaded = load_model(config.model, {.head = model::Head::kSequenceClassification,
                                                 .labels = config.data.label_names(),
                                                 .may_start_head = true,
                                                 .model = training_model_options(config.training),
                                                 .seed = seed});
  const data::GlueSplit split = config.data.aug_train ? data::GlueSplit::kTrainAugmented : data::GlueSplit::kTrain;
  const auto features = data::load_glue(glue_source(config.data, task, split, seed, *loaded.model), *loaded.tokenizer);
  log_info("{} training rows of {}", features->feature_count(), task.name);

  const data::GlueRowSet rows(features, data::answers_of(task, split));
  GlueUnit unit(loaded, config.data, config.training);
  data::ShuffledSource source(rows, source_options(config.training));
  train::Trainer trainer(unit, source, config.training, &run);
  if (config.output.resume) trainer.resume();
  run.write_config(settings);
  const Json training = trainer.run().to_json();

  Json results = unit.evaluate_into(run.path());
  results.update(training);
  write_glue_test_predictions(*loaded.model, *loaded.tokenizer, config.data, unit.evaluation_run(), run.path());
  finish_run(run, *loaded.model, *loaded.tokenizer, std::string(task.name), settings, results);
  return results;
}

}  // namespace retort::recipe
