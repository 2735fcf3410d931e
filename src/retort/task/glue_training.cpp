#include "retort/task/glue_training.h"

#include "retort/base/log.h"
#include "retort/train/process_group.h"

namespace retort::task {

pretrained::LoadedModel load_glue_model(const pretrained::ModelSource& source, const GlueDataConfig& config,
                                        const train::TrainingConfig& training) {
  return pretrained::load_model(source, {.head = model::Head::kSequenceClassification,
                                         .labels = config.label_names(),
                                         .classes = config.classes(),
                                         .may_initialize_head = true,
                                         .may_replace_head = true,
                                         .model = training_model_options(training),
                                         .seed = static_cast<uint64_t>(training.seed)});
}

GlueTrainingSets load_glue_sets(const GlueDataConfig& config, const train::TrainingConfig& training,
                                const pretrained::LoadedModel& loaded) {
  const train::ProcessGroup& group = train::process_group();
  const data::GlueTask& task = config.task();
  const auto seed = static_cast<uint64_t>(training.seed);
  const data::GlueSplit split = config.aug_train ? data::GlueSplit::kTrainAugmented : data::GlueSplit::kTrain;
  const auto features = group.main_first(
      [&] { return data::load_glue(glue_source(config, task, split, seed, *loaded.model), *loaded.tokenizer); });
  log_info("{} training examples of {}", features->feature_count(), task.name);
  GlueTrainingSets sets{.train = data::GlueRowSet(features, data::answers_of(task, split))};
  sets.dev = group.main_first([&] { return load_glue_dev(*loaded.model, *loaded.tokenizer, config, seed); });
  sets.test = group.main_first([&] { return load_glue_test(*loaded.model, *loaded.tokenizer, config); });
  return sets;
}

Json finish_glue_run(TrainingRun& run, const pretrained::LoadedModel& loaded, const GlueDataConfig& config,
                     const GlueTrainingSets& sets, const train::TrainingConfig& training, const Json& rates) {
  Json results = run.evaluate([&] {
    const EvaluationRun evaluation = glue_evaluation_run(config, training.micro_batch_tokens());
    const fs::path folder = run.has_folder() ? run.path() : fs::path();
    write_glue_test_predictions(*loaded.model, sets.test, evaluation, folder);
    return evaluate_glue_dev(*loaded.model, sets.dev, evaluation, folder);
  });
  if (!run.has_folder()) return {};
  results.update(rates);
  run.finish(loaded, std::string(config.task().name), results);
  return results;
}

}  // namespace retort::task
