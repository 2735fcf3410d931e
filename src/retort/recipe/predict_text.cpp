#include "retort/recipe/predict_text.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <istream>
#include <utility>

#include "retort/base/error.h"
#include "retort/decode/glue_predictions.h"
#include "retort/pretrained/model_folder.h"
#include "retort/task/evaluation.h"
#include "retort/task/json_lines_input.h"
#include "retort/text/truncation.h"
#include "retort/train/process_setup.h"
#include "retort/train/runtime_precision.h"

namespace retort::recipe {

namespace {

// Appends [CLS] A [SEP] (B [SEP]), truncated to max_tokens.
void append_text(const text::Tokenizer& tokenizer, const std::string& first, const std::optional<std::string>& second,
                 int64_t max_tokens, kernel::Ragged& batch) {
  std::vector<int32_t> a = tokenizer.encode_ids(first),
                       b = second ? tokenizer.encode_ids(*second) : std::vector<int32_t>();
  const text::PairLengths kept =
      text::truncate_pair({static_cast<int64_t>(a.size()), static_cast<int64_t>(b.size())},
                          max_tokens - (second ? 3 : 2), text::TruncationStrategy::kLongestFirst);
  std::vector<int32_t> ids{tokenizer.cls_id()};
  ids.insert(ids.end(), a.begin(), a.begin() + kept.first);
  ids.push_back(tokenizer.sep_id());
  const auto segment_b_start = static_cast<int64_t>(ids.size());
  if (second) {
    ids.insert(ids.end(), b.begin(), b.begin() + kept.second);
    ids.push_back(tokenizer.sep_id());
  }
  batch.append(ids, segment_b_start);
}

// The sequences of a request as rows for run_model.
class TextRows : public data::RowSet {
 public:
  explicit TextRows(const kernel::Ragged& texts) : texts_(texts) {}
  int64_t row_count() const override { return texts_.sequences(); }
  int64_t token_count(int64_t row) const override { return texts_.starts[row + 1] - texts_.starts[row]; }
  void append(int64_t row, data::Batch& batch) const override {
    const auto count = static_cast<size_t>(token_count(row));
    batch.tokens.append(std::span(texts_.ids).subspan(texts_.starts[row], count),
                        std::span(texts_.segments).subspan(texts_.starts[row], count));
    batch.rows.push_back(row);
  }

 private:
  const kernel::Ragged& texts_;
};

std::vector<float> sigmoid(std::span<const float> logits) {
  std::vector<float> probabilities;
  for (const float logit : logits) probabilities.push_back(1 / (1 + std::exp(-logit)));
  return probabilities;
}

// Returns what transformers' pipeline makes of the logits, by `problem_type`.
Json describe(std::span<const float> logits, const model::ModelConfig& config) {
  const std::vector<std::string>& labels = config.labels;
  if (!std::ranges::all_of(logits, [](float logit) { return std::isfinite(logit); }))
    throw DivergenceError(
        "the outputs of {} must be finite, but some are not; the model has diverged or its weights are "
        "damaged",
        config.subject());
  const bool is_regression = config.problem_type == "regression",
             is_multi = config.problem_type == "multi_label_classification";
  if (labels.size() == 1 && !is_multi) return {{"value", logits[0]}};
  const std::vector<float> values = is_regression ? std::vector<float>(logits.begin(), logits.end())
                                    : is_multi    ? sigmoid(logits)
                                                  : decode::compute_softmax(logits);
  Json scores = Json::object();
  for (size_t i = 0; i < labels.size(); ++i) scores[labels[i]] = values[i];
  if (is_regression) return {{"values", scores}};
  const int32_t best = decode::best_label(logits);
  return {{"label", labels[best]}, {"score", values[best]}, {"scores", scores}};
}

std::vector<Json> classify(const pretrained::LoadedModel& loaded, const kernel::Ragged& texts,
                           const pretrained::InferenceConfig& inference) {
  std::vector<Json> results(static_cast<size_t>(texts.sequences()));
  const model::ModelConfig& config = loaded.model->config();
  const size_t outputs = config.labels.size();
  task::run_model(*loaded.model, TextRows(texts), {.max_tokens_per_batch = inference.max_tokens_per_batch, .title = ""},
                  [&](const data::Batch& batch, const model::ModelOutput& output) {
                    const at::Tensor logits = output.logits.cpu().contiguous();  // [B, C]
                    for (size_t b = 0; b < batch.rows.size(); ++b)
                      results[batch.rows[b]] = describe({logits.data_ptr<float>() + b * outputs, outputs}, config);
                  });
  return results;
}

}  // namespace

void predict_text(const PredictTextConfig& config, std::istream& in, const task::OnResult& take) {
  train::set_up_process(config.inference);
  const pretrained::LoadedModel loaded = pretrained::load_model(
      config.model,
      {.head = model::Head::kSequenceClassification, .model = {.precision = train::precision_of(config.inference)}});
  const int64_t max_tokens = std::min(config.max_seq_length, loaded.model->config().max_position_embeddings);
  if (config.has_text || !config.text.empty()) {
    kernel::Ragged texts;
    append_text(*loaded.tokenizer, config.text,
                config.text_pair.empty() ? std::nullopt : std::optional(config.text_pair), max_tokens, texts);
    take(classify(loaded, texts, config.inference).front());
    return;
  }
  task::JsonLinesInput lines(in, "standard input");
  kernel::Ragged texts;
  task::answer_lines(
      lines,
      [&](const Json& line) {
        append_text(*loaded.tokenizer, lines.text_of(line, "text"),
                    line.contains("text_pair") ? std::optional(lines.text_of(line, "text_pair")) : std::nullopt,
                    max_tokens, texts);
      },
      [&] { return classify(loaded, std::exchange(texts, {}), config.inference); }, take);
}

}  // namespace retort::recipe
