#include "retort/recipe/glue.h"

#include <ATen/core/Tensor.h>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/metric/glue_scores.h"

namespace retort::recipe {

void GlueDataConfig::fields(FieldList& list, bool with_training) {
  list.group("Data");
  list.add("task_name", task_name, {.help = "cola, mnli, mnli-mm, mrpc, qnli, qqp, rte, sst-2, sts-b or wnli.", .required = true});
  list.add("data_dir", data_dir, {.help = "Folder with the task's files, or with a folder of the task's name.", .required = true});
  if (with_training) {
    list.add("max_train_examples", max_train_examples, {.help = "A seeded random sample of so many rows; -1: all.", .min = -1});
    list.add("aug_train", aug_train, {.help = "Train on train_aug.tsv, as data augmentation writes it."});
  }
  features.fields(list);
  list.add("on_bad_record", on_bad_record, {.help = "What to do with a record that is wrong: stop, or leave it out and count it.", .choices = {"fail", "skip"}});
  cache.fields(list);
  list.add("per_device_eval_batch_size", per_device_eval_batch_size,
           {.help = "Most sequences of a batch in evaluation; 0: as many as fit the token budget.", .min = 0,
            .aliases = {"eval_batch_size", "per_gpu_eval_batch_size"}});
}

data::GlueSource GlueDataConfig::source(const data::GlueTask& glue_task, data::GlueSplit split, uint64_t seed, const model::Model& model) const {
  data::GlueSource source;
  source.task = &glue_task;
  source.split = split;
  source.data_dir = data_dir;
  source.features = features;
  source.on_bad_record = data::parse_on_bad_record(on_bad_record);
  if (split == data::GlueSplit::kTrain || split == data::GlueSplit::kTrainAugmented) source.max_examples = max_train_examples;
  source.seed = seed;
  source.cache = cache;
  source.model_max_length = model.config().max_position_embeddings;
  return source;
}

std::vector<std::string> GlueDataConfig::label_names() const {
  std::vector<std::string> names(task().labels.begin(), task().labels.end());
  if (names.empty()) names.push_back("LABEL_0");
  return names;
}

GlueEvaluation predict_glue(const model::Model& model, const data::GlueTask& task, std::shared_ptr<const data::GlueFeatures> features, const EvaluationRun& run) {
  const int64_t outputs = static_cast<int64_t>(model.config().labels.size());
  if (outputs != task.output_count())
    throw UserError("the model must have {} outputs for `{}`, but has {}; fine-tune it for this task first", task.output_count(), task.name, outputs);
  GlueEvaluation evaluation{features, decode::GluePredictions(task, features->feature_count()), {}};
  const data::GlueRowSet rows(features, data::GlueRowSet::Answers::kNone);
  evaluation.timing = run_model(model, rows, run, [&](const data::Batch& batch, const model::ModelOutput& output) {
    const at::Tensor logits = output.logits.contiguous();  // [B, C]
    evaluation.predictions.set(batch.rows, {logits.data_ptr<float>(), static_cast<size_t>(logits.numel())});
  });
  return evaluation;
}

Json evaluate_glue_dev(const model::Model& model, const text::Tokenizer& tokenizer, const GlueDataConfig& config, uint64_t seed, const EvaluationRun& run,
                       const fs::path& folder) {
  Json scores = Json::object();
  for (const data::GlueTask* task : data::glue_evaluation_tasks(config.task())) {
    const GlueEvaluation evaluation = predict_glue(model, *task, data::load_glue(config.source(*task, data::GlueSplit::kDev, seed, model), tokenizer), run);
    scores.update(task->is_regression() ? metric::compute_glue_scores(*task, evaluation.predictions.values(), evaluation.features->targets())
                                        : metric::compute_glue_scores(*task, evaluation.predictions.labels(), evaluation.features->labels()));
    scores.update(evaluation.timing.to_json());
    if (folder.empty()) continue;
    const decode::GlueAnswers answers{evaluation.features->row_indexes(), task->is_regression() ? std::span<const int32_t>() : evaluation.features->labels(),
                                      task->is_regression() ? evaluation.features->targets() : std::span<const float>()};
    decode::write_glue_predictions(folder / fmt::format("predictions_{}.tsv", task->name), evaluation.predictions, answers);
  }
  return scores;
}

void write_glue_test_predictions(const model::Model& model, const text::Tokenizer& tokenizer, const GlueDataConfig& config, const EvaluationRun& run,
                                 const fs::path& folder) {
  for (const data::GlueTask* task : data::glue_submission_tasks(config.task())) {
    try {
      data::find_glue_files(config.data_dir, *task, data::GlueSplit::kTest);
    } catch (const UserError&) {
      continue;  // a test file is not needed
    }
    const GlueEvaluation evaluation = predict_glue(model, *task, data::load_glue(config.source(*task, data::GlueSplit::kTest, 0, model), tokenizer), run);
    log_info("wrote `{}`", decode::write_glue_submission(folder, evaluation.predictions, evaluation.features->row_indexes()).string());
  }
}

}  // namespace retort::recipe
