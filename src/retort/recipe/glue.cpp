#include "retort/recipe/glue.h"

#include <ATen/core/Tensor.h>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/metric/glue_scores.h"

namespace retort::recipe {

data::GlueSource glue_source(const GlueDataConfig& config, const data::GlueTask& task, data::GlueSplit split,
                             uint64_t seed, const model::Model& model) {
  data::GlueSource source;
  source.task = &task;
  source.split = split;
  source.data_dir = config.data_dir;
  source.features = config.features;
  source.on_bad_record = data::parse_on_bad_record(config.on_bad_record);
  if (split == data::GlueSplit::kTrain || split == data::GlueSplit::kTrainAugmented)
    source.max_examples = config.max_train_examples;
  source.seed = seed;
  source.cache = config.cache;
  source.model_max_length = model.config().max_position_embeddings;
  return source;
}

GlueEvaluation predict_glue(const model::Model& model, const data::GlueTask& task,
                            std::shared_ptr<const data::GlueFeatures> features, const EvaluationRun& run) {
  const int64_t outputs = static_cast<int64_t>(model.config().labels.size());
  if (outputs != task.output_count())
    throw UserError("the model must have {} outputs for `{}`, but has {}; fine-tune it for this task first",
                    task.output_count(), task.name, outputs);
  GlueEvaluation evaluation{features, decode::GluePredictions(task, features->feature_count()), {}};
  const data::GlueRowSet rows(features, data::GlueRowSet::Answers::kNone);
  evaluation.timing = run_model(model, rows, run, [&](const data::Batch& batch, const model::ModelOutput& output) {
    const at::Tensor logits = output.logits.contiguous();  // [B, C]
    evaluation.predictions.set(batch.rows, {logits.data_ptr<float>(), static_cast<size_t>(logits.numel())});
  });
  return evaluation;
}

Json evaluate_glue_dev(const model::Model& model, const text::Tokenizer& tokenizer, const GlueDataConfig& config,
                       uint64_t seed, const EvaluationRun& run, const fs::path& folder) {
  Json scores = Json::object();
  for (const data::GlueTask* task : data::glue_evaluation_tasks(config.task())) {
    const GlueEvaluation evaluation = predict_glue(
        model, *task, data::load_glue(glue_source(config, *task, data::GlueSplit::kDev, seed, model), tokenizer), run);
    scores.update(
        task->is_regression()
            ? metric::compute_glue_scores(*task, evaluation.predictions.values(), evaluation.features->targets())
            : metric::compute_glue_scores(*task, evaluation.predictions.labels(), evaluation.features->labels()));
    scores.update(evaluation.timing.to_json());
    if (folder.empty()) continue;
    const decode::GlueAnswers answers{
        evaluation.features->row_indexes(),
        task->is_regression() ? std::span<const int32_t>() : evaluation.features->labels(),
        task->is_regression() ? evaluation.features->targets() : std::span<const float>()};
    decode::write_glue_predictions(folder / fmt::format("predictions_{}.tsv", task->name), evaluation.predictions,
                                   answers);
  }
  return scores;
}

void write_glue_test_predictions(const model::Model& model, const text::Tokenizer& tokenizer,
                                 const GlueDataConfig& config, const EvaluationRun& run, const fs::path& folder) {
  for (const data::GlueTask* task : data::glue_submission_tasks(config.task())) {
    try {
      data::find_glue_files(config.data_dir, *task, data::GlueSplit::kTest);
    } catch (const UserError&) {
      continue;  // a test file is not needed
    }
    const GlueEvaluation evaluation = predict_glue(
        model, *task, data::load_glue(glue_source(config, *task, data::GlueSplit::kTest, 0, model), tokenizer), run);
    log_info(
        "wrote `{}`",
        decode::write_glue_submission(folder, evaluation.predictions, evaluation.features->row_indexes()).string());
  }
}

}  // namespace retort::recipe
