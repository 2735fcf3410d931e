#include "retort/recipe/finetune_glue.h"

#include "retort/base/log.h"
#include "retort/loss/cross_entropy.h"
#include "retort/metric/glue_scores.h"
#include "retort/recipe/run_start.h"
#include "retort/train/trainer.h"

namespace retort::recipe {

namespace {

// The task: cross entropy of the class, or the squared error of a regression, averaged over the sequences of a step.
class GlueUnit : public train::TrainUnit {
 public:
  GlueUnit(LoadedModel& loaded, const FinetuneGlueConfig& config) : loaded_(loaded), config_(config) {}

  kernel::ParameterStore& parameters() override { return loaded_.model->parameters(); }

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) override {
    const at::Tensor logits = loaded_.model->forward(kernel::make_rows(batch.tokens, sequence_keys), {.is_training = true}).logits;  // [B, C]
    return {config_.data.task().is_regression() ? loss::squared_error(logits, batch.targets) : loss::cross_entropy(logits, batch.labels[0])};
  }

  Json evaluate() override { return evaluate_into({}); }
  std::string best_metric() const override { return metric::glue_main_score(config_.data.task()); }
  void save_model(const fs::path& folder) const override { save_model_folder(folder, *loaded_.model, *loaded_.tokenizer); }
  void load_weights(const fs::path& folder) override { load_weights_exactly(*loaded_.model, folder); }

  EvaluationRun evaluation_run() const {
    return {.max_tokens_per_batch = config_.training.max_tokens_per_micro_batch, .max_sequences_per_batch = config_.data.per_device_eval_batch_size};
  }
  Json evaluate_into(const fs::path& folder) const {
    return evaluate_glue_dev(*loaded_.model, *loaded_.tokenizer, config_.data, static_cast<uint64_t>(config_.training.seed), evaluation_run(), folder);
  }

 private:
  LoadedModel& loaded_;
  const FinetuneGlueConfig& config_;
};

}  // namespace

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
  FinetuneGlueConfig effective = config;
  FieldList list;
  effective.fields(list);
  const Json settings = fields_to_json(list);
  const data::GlueTask& task = config.data.task();
  const auto seed = static_cast<uint64_t>(config.training.seed);
  LoadedModel loaded = load_model(config.model, {.head = model::Head::kSequenceClassification,
                                                 .labels = config.data.label_names(),
                                                 .may_start_head = true,
                                                 .model = {.precision = config.training.precision_kind(), .with_gradients = true},
                                                 .seed = seed});
  const data::GlueSplit split = config.data.aug_train ? data::GlueSplit::kTrainAugmented : data::GlueSplit::kTrain;
  const auto features = data::load_glue(config.data.source(task, split, seed, *loaded.model), *loaded.tokenizer);
  log_info("{} training rows of {}", features->feature_count(), task.name);

  const data::GlueRowSet rows(features, data::answers_of(task, split));
  GlueUnit unit(loaded, config);
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
