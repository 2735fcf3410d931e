#include "retort/recipe/evaluate_glue.h"

#include "retort/base/log.h"
#include "retort/recipe/glue.h"
#include "retort/recipe/result_folder.h"
#include "retort/recipe/settings.h"

namespace retort::recipe {

void EvaluateGlueConfig::fields(FieldList& list) {
  model.fields(list);
  data.fields(list, false);
  list.add("seed", seed, {.help = "Seed of the sample of max_eval_examples.", .min = 0});
  inference.fields(list);
  list.group("Output");
  list.add("do_predict", do_predict, {.help = "Also predict the test file and write it in the submission form."});
  list.add("output_dir", output_dir, {.help = "Folder for predictions and scores.", .required = true});
}

Json evaluate_glue(const EvaluateGlueConfig& config) {
  config.inference.apply_to_process();
  const ResultFolder folder(config.output_dir);
  const LoadedModel loaded = load_model(config.model, {.head = model::Head::kSequenceClassification,
                                                       .classes = config.data.classes(),
                                                       .model = {.precision = config.inference.precision_kind()}});
  const auto test =
      config.do_predict ? load_glue_test(*loaded.model, *loaded.tokenizer, config.data) : std::vector<GlueSet>();
  std::vector<GlueSet> dev;
  if (test.empty() || has_glue_dev(config.data))
    dev = load_glue_dev(*loaded.model, *loaded.tokenizer, config.data, static_cast<uint64_t>(config.seed));
  else
    log_warning("`{}` holds no dev files: nothing is scored", config.data.data_dir);
  const EvaluationRun run{.max_tokens_per_batch = config.inference.max_tokens_per_batch,
                          .max_sequences_per_batch = config.data.per_device_eval_batch_size};
  const Json scores = evaluate_glue_dev(*loaded.model, dev, run, folder.path());
  write_glue_test_predictions(*loaded.model, test, run, folder.path());
  folder.finish(settings_of("evaluate glue", config), scores);
  return scores;
}

}  // namespace retort::recipe
