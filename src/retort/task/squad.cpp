#include "retort/task/squad.h"

#include <ATen/core/Tensor.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/metric/squad_score.h"
#include "retort/train/process_group.h"

namespace retort::task {

data::SquadSource squad_source(const SquadDataConfig& config, const std::string& file, int64_t max_examples,
                               uint64_t seed, const model::Model& model) {
  data::SquadSource source;
  source.file = file;
  source.features = config.features;
  source.on_bad_record = data::parse_on_bad_record(config.on_bad_record);
  source.max_examples = max_examples;
  source.seed = seed;
  source.cache = config.cache;
  source.model_max_length = model.config().max_position_embeddings;
  return source;
}

namespace {

// Fills the logits of features that other processes computed.
void share_logits(const data::RowSet& rows, std::vector<std::vector<float>>& logits) {
  if (train::process_group().world_size() == 1) return;
  std::vector<float> all;
  for (int64_t row = 0; row < rows.row_count(); ++row) {
    std::vector<float>& own = logits[row];
    own.resize(static_cast<size_t>(rows.token_count(row)));  // zeros where another process has them
    all.insert(all.end(), own.begin(), own.end());
  }
  bring_together(all);
  auto next = all.begin();
  for (std::vector<float>& own : logits) {
    std::copy_n(next, own.size(), own.begin());
    next += static_cast<ptrdiff_t>(own.size());
  }
}

}  // namespace

SquadEvaluation predict_squad(const model::Model& model, const data::SquadEvaluationSet& set,
                              const text::Tokenizer& tokenizer, decode::SquadDecodeOptions options,
                              const EvaluationRun& run) {
  SquadEvaluation evaluation;
  const data::SquadRowSet rows(set.features, data::SquadRowSet::Labels::kNone);
  std::vector<std::vector<float>> starts(static_cast<size_t>(rows.row_count())), ends(starts.size());
  evaluation.timing = run_model(model, rows, run, [&](const data::Batch& batch, const model::ModelOutput& output) {
    const at::Tensor logits = output.logits.cpu().contiguous();  // [T, 2]
    const float* values = logits.data_ptr<float>();
    for (size_t b = 0; b < batch.rows.size(); ++b) {
      auto &start = starts[batch.rows[b]], &end = ends[batch.rows[b]];
      for (int32_t t = batch.tokens.starts[b]; t < batch.tokens.starts[b + 1]; ++t) {
        start.push_back(values[2 * t]);
        end.push_back(values[2 * t + 1]);
      }
    }
  });
  share_logits(rows, starts), share_logits(rows, ends);
  if (!train::process_group().is_main()) return evaluation;  // only rank 0 needs the answers
  std::vector<decode::SpanLogits> logits;
  for (size_t i = 0; i < starts.size(); ++i) logits.push_back({starts[i], ends[i]});
  try {
    evaluation.predictions = decode::decode_squad(set.data, *set.features, tokenizer, logits, options);
  } catch (const DivergenceError& error) {
    throw DivergenceError("{}: {}", model.config().subject(), error.what());
  }
  return evaluation;
}

bool is_version_2(const data::SquadData& data) { return data.has_answers() && data.has_impossible(); }

Json score_squad_evaluation(const data::SquadEvaluationSet& set, const SquadEvaluation& evaluation,
                            bool version_2_with_negative, const std::string& file) {
  if (!train::process_group().is_main()) return Json::object();  // it has no answers
  if (!set.data.has_answers()) {
    log_warning("`{}` has no answers; its {} questions are predicted but not scored", file, set.data.examples.size());
    Json counts{{"questions", set.data.examples.size()}, {"scored", 0}};
    counts.update(evaluation.timing.to_json());
    return counts;
  }
  std::vector<metric::GoldAnswers> gold;
  metric::Predictions predictions;
  metric::NullOdds null_odds;
  for (size_t i = 0; i < set.data.examples.size(); ++i) {
    const data::SquadExample& example = set.data.examples[i];
    metric::GoldAnswers answers{example.id, {}};
    for (const auto& answer : example.answers) answers.answers.push_back(answer.text);
    gold.push_back(std::move(answers));
    predictions[example.id] = evaluation.predictions[i].answer;
    null_odds.emplace_back(example.id, evaluation.predictions[i].null_odds);
  }
  const metric::SquadScoreOptions options{
      .version = version_2_with_negative ? metric::SquadVersion::kV2 : metric::SquadVersion::kV1,
      .na_prob_thresh = 1e30};  // the threshold is already applied to the answers
  Json scores = metric::score_squad(gold, predictions, version_2_with_negative ? &null_odds : nullptr, options).values;
  scores.update(evaluation.timing.to_json());
  return scores;
}

SquadEvaluation predict_dev(const pretrained::LoadedModel& loaded, const SquadDataConfig& config,
                            const data::SquadEvaluationSet& dev, int64_t max_tokens_per_batch) {
  decode::SquadDecodeOptions decoding = config.decoding;
  decoding.version_2_with_negative = config.features.version_2_with_negative;
  return predict_squad(
      *loaded.model, dev, *loaded.tokenizer, decoding,
      {.max_tokens_per_batch = max_tokens_per_batch, .max_sequences_per_batch = config.per_device_eval_batch_size});
}

Json evaluate_dev(const pretrained::LoadedModel& loaded, const SquadDataConfig& config,
                  const data::SquadEvaluationSet& dev, int64_t max_tokens_per_batch) {
  return score_squad_evaluation(dev, predict_dev(loaded, config, dev, max_tokens_per_batch),
                                config.features.version_2_with_negative, config.dev_file);
}

}  // namespace retort::task
