#include "retort/recipe/finetune_squad.h"

#include "retort/base/log.h"
#include "retort/decode/squad_files.h"
#include "retort/loss/cross_entropy.h"
#include "retort/recipe/run_start.h"
#include "retort/train/trainer.h"

namespace retort::recipe {

namespace {

// The task: half the cross entropies of start and end, averaged over the features of a step.
class SquadUnit : public train::TrainUnit {
 public:
  SquadUnit(LoadedModel& loaded, const FinetuneSquadConfig& config, const data::SquadEvaluationSet* dev) : loaded_(loaded), config_(config), dev_(dev) {}

  kernel::ParameterStore& parameters() override { return loaded_.model->parameters(); }

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys) override {
    const kernel::Rows rows = kernel::make_rows(batch.tokens, sequence_keys);
    const at::Tensor logits = loaded_.model->forward(rows, {.is_training = true}).logits;  // [T, 2]
    return {loss::span_loss(logits, rows.starts, batch.labels[0], batch.labels[1])};
  }

  Json evaluate() override {
    if (dev_ == nullptr) return Json::object();
    const SquadEvaluation evaluation = predict(*dev_);
    return score_squad_evaluation(*dev_, evaluation, config_.data.features.version_2_with_negative);
  }
  std::string best_metric() const override { return "f1"; }
  void save_model(const fs::path& folder) const override { save_model_folder(folder, *loaded_.model, *loaded_.tokenizer); }
  void load_weights(const fs::path& folder) override { load_weights_exactly(*loaded_.model, folder); }

  SquadEvaluation predict(const data::SquadEvaluationSet& set) const {
    decode::SquadDecodeOptions decoding = config_.data.decoding;
    decoding.version_2_with_negative = config_.data.features.version_2_with_negative;
    return predict_squad(*loaded_.model, set, *loaded_.tokenizer, decoding,
                         {.max_tokens_per_batch = config_.training.max_tokens_per_micro_batch, .max_sequences_per_batch = config_.data.per_device_eval_batch_size});
  }

 private:
  LoadedModel& loaded_;
  const FinetuneSquadConfig& config_;
  const data::SquadEvaluationSet* dev_;
};

}  // namespace

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
  FinetuneSquadConfig effective = config;
  FieldList list;
  effective.fields(list);
  const Json settings = fields_to_json(list);
  const auto seed = static_cast<uint64_t>(config.training.seed);
  LoadedModel loaded = load_model(config.model, {.head = model::Head::kQuestionAnswering,
                                                 .may_start_head = true,
                                                 .model = {.precision = config.training.precision_kind(), .with_gradients = true},
                                                 .seed = seed});
  const SquadDataConfig& data = config.data;
  const auto features = std::make_shared<data::SquadFeatures>(data::load_squad_training(data.source(data.train_file, data.max_train_examples, seed, *loaded.model), *loaded.tokenizer));
  std::optional<data::SquadEvaluationSet> dev;
  if (!data.dev_file.empty()) dev = data::load_squad_evaluation(data.source(data.dev_file, data.max_eval_examples, seed, *loaded.model), *loaded.tokenizer);
  log_info("{} training features from `{}`", features->feature_count(), data.train_file);

  const data::SquadRowSet rows(features, true);
  SquadUnit unit(loaded, config, dev ? &*dev : nullptr);
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
