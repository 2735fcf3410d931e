#include "retort/task/pretraining_unit.h"

#include <ATen/ops/argmax.h>

#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/task/evaluation.h"

namespace retort::task {

namespace {

struct Predictions {
  std::vector<int32_t> rows;    // of [T, H] that get logits; empty: all
  std::vector<int32_t> labels;  // of those rows
};

// A batch without a masked token sends one token, without a label, through the head: an empty product has no gradient.
Predictions masked_predictions(const data::Batch& batch, bool dense_sequence_output) {
  if (!dense_sequence_output) return {.rows = {}, .labels = batch.token_labels};
  Predictions predictions{.rows = data::labelled_tokens(batch), .labels = {}};
  if (predictions.rows.empty()) predictions.rows.push_back(0);
  for (const int32_t token : predictions.rows) predictions.labels.push_back(batch.token_labels[token]);
  return predictions;
}

int64_t count_right(const at::Tensor& logits, std::span<const int32_t> labels) {
  const at::Tensor best = at::argmax(logits, 1).cpu();
  int64_t right = 0;
  for (size_t i = 0; i < labels.size(); ++i) right += best.data_ptr<int64_t>()[i] == labels[i];
  return right;
}

}  // namespace

Json evaluate_pretraining(const model::Model& model, const data::RowSet& pairs, int64_t max_tokens_per_batch) {
  double sums[5] = {};
  auto& [mlm_loss, nsp_loss, masked, masked_right, next_right] = sums;
  const EvaluationRun run{.max_tokens_per_batch = max_tokens_per_batch, .labelled_tokens_only = true};
  const EvaluationTiming timing =
      run_model(model, pairs, run, [&](const data::Batch& batch, const model::ModelOutput& output) {
        std::vector<int32_t> labels;
        for (const int32_t token : data::labelled_tokens(batch)) labels.push_back(batch.token_labels[token]);
        mlm_loss += loss::cross_entropy(output.logits, labels).sum.item<double>();
        nsp_loss += loss::cross_entropy(output.next_sentence_logits, batch.labels[0]).sum.item<double>();
        masked += static_cast<double>(labels.size());
        masked_right += static_cast<double>(count_right(output.logits, labels));
        next_right += static_cast<double>(count_right(output.next_sentence_logits, batch.labels[0]));
      });
  bring_together(sums);
  const double tokens = std::max<double>(1, masked);
  const double sequences = std::max<double>(1, static_cast<double>(pairs.row_count()));
  Json scores{{"loss", mlm_loss / tokens + nsp_loss / sequences},
              {"mlm_loss", mlm_loss / tokens},
              {"nsp_loss", nsp_loss / sequences},
              {"masked_accuracy", masked_right / tokens},
              {"next_sentence_accuracy", next_right / sequences},
              {"masked_tokens", static_cast<int64_t>(masked)}};
  scores.update(timing.to_json());
  return scores;
}

std::vector<train::BatchList> PretrainingUnit::lists(const data::Batch& batch) const {
  using train::BatchList;
  const Predictions masked = masked_predictions(batch, dense_sequence_output_);
  const auto labels = masked.rows.empty() ? BatchList::Extent::kTokens : BatchList::Extent::kChosen;
  return {{masked.rows, BatchList::Extent::kChosen, BatchList::Filler::kLastRow},
          {masked.labels, labels},
          {batch.labels[0]}};
}

std::vector<at::Tensor> PretrainingUnit::loss_sums(const kernel::TokenRows& rows) const {
  const model::ModelOutput output = model().forward(rows, {.is_training = true, .chosen_rows = rows.lists[0]});
  return {loss::cross_entropy(output.logits, rows.lists[1]).sum,
          loss::cross_entropy(output.next_sentence_logits, rows.lists[2]).sum};
}

std::vector<loss::LossTerm> PretrainingUnit::terms(const loss::StepCounts& counts) const {
  return {{.name = "mlm_loss", .divisor = counts.labelled_tokens}, {.name = "nsp_loss", .divisor = counts.sequences}};
}

Json PretrainingUnit::evaluate() {
  return held_out_ == nullptr ? Json::object() : evaluate_pretraining(model(), *held_out_, max_tokens_per_batch_);
}

}  // namespace retort::task
