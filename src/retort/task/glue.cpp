#include "retort/task/glue.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/log.h"
#include "retort/metric/glue_scores.h"
#include "retort/train/process_group.h"

namespace retort::task {

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
  if (split == data::GlueSplit::kDev) source.max_examples = config.max_eval_examples;
  source.seed = seed;
  source.cache = config.cache;
  source.model_max_length = model.config().max_position_embeddings;
  return source;
}

namespace {

bool has_files(const GlueDataConfig& config, const data::GlueTask& task, data::GlueSplit split) {
  try {
    data::find_glue_files(config.data_dir, task, split);
    return true;
  } catch (const UserError&) {
    return false;
  }
}

// Returns whether a file's header names the text columns of the task; tables always do.
bool names_its_texts(const fs::path& file, const data::GlueTask& task) {
  if (file.extension() != ".tsv") return true;
  const MappedFile mapped(file);
  std::string header = fmt::format("\t{}\t", mapped.text().substr(0, mapped.text().find_first_of("\r\n")));
  const auto has = [&](std::string_view name) {
    return name.empty() || header.find(fmt::format("\t{}\t", name)) != std::string::npos;
  };
  return has(task.columns.text_a.name) && has(task.columns.text_b.name);
}

// Returns whether the files of the task have no labels.
bool are_unlabeled(const std::vector<fs::path>& files, const data::GlueTask& task) {
  if (!names_its_texts(files.front(), task)) return false;
  try {
    return data::read_glue(files, task, {.has_labels = true, .on_bad_record = data::OnBadRecord::kSkip})
        .examples.empty();
  } catch (const UserError&) {
    return true;  // without a column of labels, or without a labeled record
  }
}

GlueSet load_dev(data::GlueSource source, const text::Tokenizer& tokenizer) {
  try {
    return {source.task, data::load_glue(source, tokenizer)};
  } catch (const UserError&) {
    source.files = data::find_glue_files(source.data_dir, *source.task, source.split);
    if (!are_unlabeled(source.files, *source.task)) throw;
  }
  source.split = data::GlueSplit::kTest;
  GlueSet set{source.task, data::load_glue(source, tokenizer), false};
  log_warning("`{}` has no labels of {}; its {} examples are predicted but not scored", source.files.front().string(),
              source.task->name, set.features->feature_count());
  return set;
}

}  // namespace

EvaluationRun glue_evaluation_run(const GlueDataConfig& config, int64_t max_tokens_per_batch) {
  return {.max_tokens_per_batch = max_tokens_per_batch, .max_sequences_per_batch = config.per_device_eval_batch_size};
}

bool has_glue_dev(const GlueDataConfig& config) {
  return std::ranges::all_of(data::glue_evaluation_tasks(config.task()), [&](const data::GlueTask* task) {
    return has_files(config, *task, data::GlueSplit::kDev);
  });
}

std::vector<GlueSet> load_glue_dev(const model::Model& model, const text::Tokenizer& tokenizer,
                                   const GlueDataConfig& config, uint64_t seed) {
  std::vector<GlueSet> sets;
  for (const data::GlueTask* task : data::glue_evaluation_tasks(config.task()))
    sets.push_back(load_dev(glue_source(config, *task, data::GlueSplit::kDev, seed, model), tokenizer));
  return sets;
}

std::vector<GlueSet> load_glue_test(const model::Model& model, const text::Tokenizer& tokenizer,
                                    const GlueDataConfig& config) {
  std::vector<GlueSet> sets;
  for (const data::GlueTask* task : data::glue_submission_tasks(config.task())) {
    if (!has_files(config, *task, data::GlueSplit::kTest)) continue;  // test files are optional
    sets.push_back({task, data::load_glue(glue_source(config, *task, data::GlueSplit::kTest, 0, model), tokenizer)});
  }
  return sets;
}

GlueEvaluation predict_glue(const model::Model& model, const GlueSet& set, const EvaluationRun& run) {
  const int64_t outputs = static_cast<int64_t>(model.config().labels.size());
  if (outputs != set.task->output_count())
    throw UserError("{} must name {} labels for `{}`, but names {}; fine-tune the model for this task first",
                    model.config().subject(), set.task->output_count(), set.task->name, outputs);
  GlueEvaluation evaluation{decode::GluePredictions(*set.task, set.features->feature_count()), {}};
  const data::GlueRowSet rows(set.features, data::GlueRowSet::Answers::kNone);
  std::vector<float> all(static_cast<size_t>(rows.row_count() * outputs));  // [rows, C]
  evaluation.timing = run_model(model, rows, run, [&](const data::Batch& batch, const model::ModelOutput& output) {
    const at::Tensor logits = output.logits.cpu().contiguous();  // [B, C]
    for (size_t b = 0; b < batch.rows.size(); ++b)
      std::copy_n(logits.data_ptr<float>() + static_cast<int64_t>(b) * outputs, outputs,
                  all.begin() + batch.rows[b] * outputs);
  });
  bring_together(all);
  std::vector<int64_t> examples(static_cast<size_t>(rows.row_count()));
  std::iota(examples.begin(), examples.end(), int64_t{0});
  evaluation.predictions.set(examples, all);
  return evaluation;
}

Json evaluate_glue_dev(const model::Model& model, std::span<const GlueSet> dev, const EvaluationRun& run,
                       const fs::path& folder) {
  Json scores = Json::object();
  for (const GlueSet& set : dev) {
    const auto& [task, features, has_labels] = set;
    const GlueEvaluation evaluation = predict_glue(model, set, run);
    const bool has_targets = has_labels && task->is_regression(), has_classes = has_labels && !task->is_regression();
    if (!has_labels)
      scores.update({{"rows", features->feature_count()}, {"scored", 0}});
    else
      scores.update(task->is_regression()
                        ? metric::compute_glue_scores(*task, evaluation.predictions.values(), features->targets())
                        : metric::compute_glue_scores(*task, evaluation.predictions.labels(), features->labels()));
    scores.update(evaluation.timing.to_json());
    if (folder.empty() || !train::process_group().is_main()) continue;
    const decode::GlueReferences answers{features->row_indexes(),
                                         has_classes ? features->labels() : std::span<const int32_t>(),
                                         has_targets ? features->targets() : std::span<const float>()};
    decode::write_glue_predictions(folder / fmt::format("predictions_{}.tsv", task->name), evaluation.predictions,
                                   answers);
  }
  return scores;
}

void write_glue_test_predictions(const model::Model& model, std::span<const GlueSet> test, const EvaluationRun& run,
                                 const fs::path& folder) {
  for (const GlueSet& set : test) {
    const GlueEvaluation evaluation = predict_glue(model, set, run);
    if (!train::process_group().is_main()) continue;
    log_info("wrote `{}`",
             decode::write_glue_submission(folder, evaluation.predictions, set.features->row_indexes()).string());
  }
}

}  // namespace retort::task
