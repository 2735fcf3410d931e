#include "retort/task/glue_training.h"

#include "retort/base/log.h"
#include "retort/task/training_run.h"
#include "retort/train/process_group.h"
#include "retort/train/source_options.h"

namespace retort::task {

Json train_glue(const GlueRun& glue, const MakeGlueUnit& make_unit) {
  const train::TrainingConfig& training = glue.training;
  TrainingRun run(training, glue.output, glue.settings);
  if (const auto results = run.maybe_finished()) return *results;
  const train::ProcessGroup& group = train::process_group();
  const GlueDataConfig& data = glue.data;
  const data::GlueTask& task = data.task();
  const auto seed = static_cast<uint64_t>(training.seed);
  pretrained::LoadedModel loaded = pretrained::load_model(glue.model, {.head = model::Head::kSequenceClassification,
                                                                       .labels = data.label_names(),
                                                                       .classes = data.classes(),
                                                                       .may_start_head = true,
                                                                       .may_replace_head = true,
                                                                       .model = training_model_options(training),
                                                                       .seed = seed});
  if (glue.check_model) glue.check_model(loaded);
  const data::GlueSplit split = data.aug_train ? data::GlueSplit::kTrainAugmented : data::GlueSplit::kTrain;
  const auto features = group.main_first(
      [&] { return data::load_glue(glue_source(data, task, split, seed, *loaded.model), *loaded.tokenizer); });
  log_info("{} training rows of {}", features->feature_count(), task.name);
  std::vector<GlueSet> dev, test;
  if (group.is_main()) {
    dev = load_glue_dev(*loaded.model, *loaded.tokenizer, data, seed);
    test = load_glue_test(*loaded.model, *loaded.tokenizer, data);
  }

  const data::GlueRowSet rows(features, data::answers_of(task, split));
  data::ShuffledSource source(rows, train::source_options(training));
  run.check_continues(source);
  const std::unique_ptr<GlueUnit> unit = make_unit({loaded, rows, dev});
  const Json rates = run.train(*unit, source);
  if (!run.has_folder()) return {};

  Json results = run.evaluate([&] {
    write_glue_test_predictions(*loaded.model, test, unit->evaluation_run(), run.path());
    return unit->evaluate_into(run.path());
  });
  results.update(rates);
  run.finish(loaded, std::string(task.name), results);
  return results;
}

}  // namespace retort::task
