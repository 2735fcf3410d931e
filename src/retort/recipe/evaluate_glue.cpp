#include "retort/recipe/evaluate_glue.h"

#include "retort/base/log.h"
#include "retort/base/settings.h"
#include "retort/pretrained/input_files.h"
#include "retort/task/glue.h"
#include "retort/task/result_folder.h"
#include "retort/train/process_setup.h"
#include "retort/train/runtime_precision.h"

namespace retort::recipe {

Json evaluate_glue(const EvaluateGlueConfig& config) {
  pretrained::check_does_not_overwrite_inputs(config.output_dir, settings_of("evaluate glue", config));
  train::set_up_process(config.inference);
  const task::ResultFolder folder(config.output_dir);
  const pretrained::LoadedModel loaded =
      pretrained::load_model(config.model, {.head = model::Head::kSequenceClassification,
                                            .classes = config.data.classes(),
                                            .model = {.precision = train::precision_of(config.inference)}});
  const auto test = config.do_predict ? task::load_glue_test(*loaded.model, *loaded.tokenizer, config.data)
                                      : std::vector<task::GlueSet>();
  std::vector<task::GlueSet> dev;
  if (test.empty() || task::has_glue_dev(config.data))
    dev = task::load_glue_dev(*loaded.model, *loaded.tokenizer, config.data, static_cast<uint64_t>(config.seed));
  else
    log_warning("`{}` has no dev files; nothing is scored", config.data.data_dir);
  const task::EvaluationRun run{.max_tokens_per_batch = config.inference.max_tokens_per_batch,
                                .max_sequences_per_batch = config.data.per_device_eval_batch_size};
  const Json scores = task::evaluate_glue_dev(*loaded.model, dev, run, folder.path());
  task::write_glue_test_predictions(*loaded.model, test, run, folder.path());
  folder.finish(settings_of("evaluate glue", config), scores);
  return scores;
}

}  // namespace retort::recipe
