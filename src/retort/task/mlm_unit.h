// Trains a language model, with or without a teacher:
//   loss = alpha_ce * T^2 * KL + alpha_mlm * cross entropy + alpha_mse * squared distance  (of the logits)
//        + alpha_cos * (1 - cos)                                                           (of the last hidden states),
// each term the mean over its tokens of the whole step. The first three share one pass over the logits.
#pragma once

#include "retort/distill/teacher.h"
#include "retort/pretrained/model_unit.h"
#include "retort/task/mlm_config.h"

namespace retort::task {

// Held-out text and its masked copies; all null without held-out text.
struct HeldOutText {
  std::unique_ptr<data::TokenRowSet> corpus;
  std::unique_ptr<data::RowRange> rows;  // of the corpus
  std::unique_ptr<data::MaskedRowSet> masked;
  std::unique_ptr<data::EachTokenMasked> each_token;  // null without pseudo-perplexity
};

// Returns {"loss", "masked_accuracy", "perplexity", "masked_tokens"} of labeled rows; loss is the mean cross entropy in
// nats.
Json evaluate_masked_lm(const model::Model& model, const data::RowSet& rows, int64_t max_tokens_per_batch);

class MlmUnit final : public pretrained::ModelUnit {
 public:
  // `teacher` may be null. All arguments by reference must outlive the unit.
  MlmUnit(pretrained::LoadedModel& student, const distill::Teacher* teacher, const LanguageLossConfig& losses,
          const HeldOutText& held_out, int64_t max_tokens_per_batch)
      : pretrained::ModelUnit(student),
        teacher_(teacher),
        losses_(losses),
        held_out_(held_out),
        max_tokens_per_batch_(max_tokens_per_batch) {}

  std::vector<loss::LossTerm> forward(const data::Batch& batch, std::span<const uint64_t> sequence_keys,
                                      const loss::StepCounts& counts) override;
  Json evaluate() override;
  std::string best_metric() const override { return "masked_accuracy"; }

 private:
  std::vector<int32_t> compared_tokens(const data::Batch& batch) const;

  const distill::Teacher* teacher_;
  const LanguageLossConfig& losses_;
  const HeldOutText& held_out_;
  int64_t max_tokens_per_batch_;
};

}  // namespace retort::task
