#include "retort/task/mlm_unit.h"

#include <ATen/ops/argmax.h>

#include <cmath>

#include "retort/kernel/softmax_loss.h"
#include "retort/kernel/token_rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/loss/distillation.h"
#include "retort/task/evaluation.h"

namespace retort::task {

Json evaluate_masked_lm(const model::Model& model, const data::RowSet& rows, int64_t max_tokens_per_batch) {
  double loss = 0;
  int64_t right = 0, count = 0;
  const EvaluationRun run{.max_tokens_per_batch = max_tokens_per_batch, .labelled_tokens_only = true};
  const EvaluationTiming timing = run_model(model, rows, run, [&](const data::Batch& batch, const auto& output) {
    std::vector<int32_t> labels;
    for (const int32_t token : data::labelled_tokens(batch)) labels.push_back(batch.token_labels[token]);
    loss += loss::cross_entropy(output.logits, labels).sum.template item<double>();
    const at::Tensor best = at::argmax(output.logits, 1).cpu();
    for (size_t i = 0; i < labels.size(); ++i) right += best.template data_ptr<int64_t>()[i] == labels[i];
    count += static_cast<int64_t>(labels.size());
  });
  double sums[] = {loss, static_cast<double>(right), static_cast<double>(count)};
  bring_together(sums);
  loss = sums[0], right = static_cast<int64_t>(sums[1]), count = static_cast<int64_t>(sums[2]);
  const double tokens = std::max<double>(1, static_cast<double>(count));
  Json scores{{"loss", loss / tokens},
              {"masked_accuracy", static_cast<double>(right) / tokens},
              {"perplexity", std::exp(loss / tokens)},
              {"masked_tokens", count}};
  scores.update(timing.to_json());
  return scores;
}

namespace {

// Returns whether a batch has no labels although only labeled tokens are compared; one token then goes through the
// head, with weight 0.
bool has_no_compared_tokens(const data::Batch& batch, const std::vector<int32_t>& compared) {
  return !compared.empty() && batch.token_labels[compared.front()] == data::kNoTokenLabel;
}

}  // namespace

// Returns the tokens of a batch whose logits are needed; empty: all.
std::vector<int32_t> MlmUnit::compared_tokens(const data::Batch& batch) const {
  const bool needs_all = losses_.needs_teacher_logits() && teacher_ != nullptr && !losses_.restrict_ce_to_mask;
  if (needs_all || !losses_.mlm) return {};
  std::vector<int32_t> tokens = data::labelled_tokens(batch);
  if (tokens.empty()) tokens.push_back(0);
  return tokens;
}

std::vector<loss::LossTerm> MlmUnit::forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                             const loss::StepCounts& counts) {
  const std::vector<int32_t> compared = compared_tokens(batch), first_row{0};
  std::vector<int32_t> labels;
  if (compared.empty()) labels = batch.token_labels;
  for (const int32_t token : compared) labels.push_back(batch.token_labels[token]);
  const kernel::TokenRows rows = kernel::make_token_rows(batch.tokens, sequence_keys, {compared, labels});
  model::ModelOutput targets;
  if (teacher_ != nullptr)
    // Without need for logits, compute only one row of them.
    targets = teacher_->forward(
        batch, sequence_keys,
        {.chosen_rows = losses_.needs_teacher_logits() ? rows.lists[0] : kernel::IndexList(first_row)});
  const model::ModelOutput output = model().forward(rows, {.is_training = true, .chosen_rows = rows.lists[0]});

  // One kernel computes three losses, so their weights are divided by the counts of the step beforehand.
  const double tokens_to_compare = losses_.restrict_ce_to_mask ? counts.labelled_tokens : counts.tokens;
  const auto divide = [](double weight, double count) { return count > 0 ? weight / count : 0.0; };
  kernel::SoftmaxLossOptions options{.temperature = losses_.temperature,
                                     .hard_weight = divide(losses_.label_weight(), counts.labelled_tokens)};
  at::Tensor teacher_logits;
  if (teacher_ != nullptr && losses_.needs_teacher_logits()) {
    teacher_logits = targets.logits;
    const double divisor = has_no_compared_tokens(batch, compared) ? 0 : tokens_to_compare;
    options.soft_weight = divide(losses_.alpha_ce, divisor);
    options.squared_weight = divide(losses_.alpha_mse, divisor);
  }
  kernel::SoftmaxLossSums sums;
  const at::Tensor tokens_loss = kernel::softmax_loss(output.logits, teacher_logits, rows.lists[1], options, &sums);
  std::vector<loss::LossTerm> terms{{.name = "loss_tokens", .sum = tokens_loss, .divisor = 1}};
  const auto log_fused = [&](double weight, loss::FusedLoss loss) {
    if (teacher_ != nullptr && weight > 0) terms.front().fused.push_back(std::move(loss));
  };
  log_fused(options.hard_weight, {losses_.mlm ? "loss_mlm" : "loss_clm", sums.hard, counts.labelled_tokens});
  log_fused(options.soft_weight, {"loss_ce", sums.soft, tokens_to_compare});
  log_fused(options.squared_weight, {"loss_mse", sums.squared, tokens_to_compare});
  if (teacher_ != nullptr && losses_.alpha_cos > 0) {
    const loss::LossSum cosine = loss::cosine_distance(output.hidden_states.back(), targets.hidden_states.back());
    terms.push_back({"loss_cos", cosine.sum, counts.tokens, losses_.alpha_cos});
  }
  return terms;
}

Json MlmUnit::evaluate() {
  if (held_out_.masked == nullptr) return Json::object();
  return evaluate_masked_lm(model(), *held_out_.masked, max_tokens_per_batch_);
}

}  // namespace retort::task
