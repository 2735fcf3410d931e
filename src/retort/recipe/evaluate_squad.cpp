#include "retort/recipe/evaluate_squad.h"

#include "retort/base/settings.h"
#include "retort/decode/squad_files.h"
#include "retort/pretrained/input_files.h"
#include "retort/task/result_folder.h"
#include "retort/task/squad.h"
#include "retort/train/process_setup.h"
#include "retort/train/runtime_precision.h"

namespace retort::recipe {

Json evaluate_squad(const EvaluateSquadConfig& config) {
  pretrained::check_does_not_overwrite_inputs(config.output_dir, settings_of("evaluate squad", config));
  train::set_up_process(config.inference);
  const task::ResultFolder folder(config.output_dir);
  const pretrained::LoadedModel loaded = pretrained::load_model(
      config.model,
      {.head = model::Head::kQuestionAnswering, .model = {.precision = train::precision_of(config.inference)}});
  data::SquadSource source = task::squad_source(config.data, config.data.dev_file, config.data.max_eval_examples,
                                                static_cast<uint64_t>(config.seed), *loaded.model);
  source.features.version_2_with_negative = true;
  const data::SquadEvaluationSet set = data::load_squad_evaluation(source, *loaded.tokenizer);
  const bool is_v2 = config.data.features.version_2_with_negative || task::is_version_2(set.data);
  decode::SquadDecodeOptions decoding = config.data.decoding;
  decoding.version_2_with_negative = is_v2;
  const task::SquadEvaluation evaluation =
      task::predict_squad(*loaded.model, set, *loaded.tokenizer, decoding,
                          {.max_tokens_per_batch = config.inference.max_tokens_per_batch,
                           .max_sequences_per_batch = config.data.per_device_eval_batch_size});
  const Json scores = task::score_squad_evaluation(set, evaluation, is_v2, config.data.dev_file);
  decode::write_squad_files(folder.path(), set.data, evaluation.predictions, is_v2);
  folder.finish(settings_of("evaluate squad", config), scores);
  return scores;
}

}  // namespace retort::recipe
