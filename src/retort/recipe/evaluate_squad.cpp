#include "retort/recipe/evaluate_squad.h"

#include "retort/decode/squad_files.h"
#include "retort/recipe/result_folder.h"
#include "retort/recipe/settings.h"
#include "retort/recipe/squad.h"

namespace retort::recipe {

void EvaluateSquadConfig::fields(FieldList& list) {
  model.fields(list);
  data.fields(list, false);
  inference.fields(list);
  list.add("seed", seed, {.help = "Seed of the sample of max_eval_examples.", .min = 0});
  list.group("Output");
  list.add("output_dir", output_dir, {.help = "Folder for predictions and scores.", .required = true});
}

Json evaluate_squad(const EvaluateSquadConfig& config) {
  config.inference.apply_to_process();
  const ResultFolder folder(config.output_dir);
  const LoadedModel loaded = load_model(config.model, {.head = model::Head::kQuestionAnswering,
                                                       .model = {.precision = config.inference.precision_kind()}});
  data::SquadSource source = squad_source(config.data, config.data.dev_file, config.data.max_eval_examples,
                                          static_cast<uint64_t>(config.seed), *loaded.model);
  source.features.version_2_with_negative = true;
  const data::SquadEvaluationSet set = data::load_squad_evaluation(source, *loaded.tokenizer);
  const bool is_v2 = config.data.features.version_2_with_negative || is_version_2(set.data);
  decode::SquadDecodeOptions decoding = config.data.decoding;
  decoding.version_2_with_negative = is_v2;
  const SquadEvaluation evaluation = predict_squad(*loaded.model, set, *loaded.tokenizer, decoding,
                                                   {.max_tokens_per_batch = config.inference.max_tokens_per_batch,
                                                    .max_sequences_per_batch = config.data.per_device_eval_batch_size});
  const Json scores = score_squad_evaluation(set, evaluation, is_v2);
  decode::write_squad_files(folder.path(), set.data, evaluation.predictions, is_v2);
  folder.finish(settings_of("evaluate squad", config), scores);
  return scores;
}

}  // namespace retort::recipe
