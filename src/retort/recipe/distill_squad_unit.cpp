#include "retort/recipe/distill_squad_unit.h"

#include <ATen/core/grad_mode.h>

#include "retort/base/error.h"
#include "retort/kernel/rows.h"
#include "retort/loss/cross_entropy.h"
#include "retort/loss/distillation.h"

namespace retort::recipe {

DistillSquadUnit::DistillSquadUnit(LoadedModel& student, LoadedModel& teacher, const SoftTargetConfig& distillation,
                                   const SquadDataConfig& data, int64_t max_tokens_per_batch,
                                   const data::SquadEvaluationSet* dev)
    : SquadUnit(student, data, max_tokens_per_batch, dev),
      student_(*student.model),
      teacher_(*teacher.model),
      distillation_(distillation) {
  if (student.tokenizer->content_hash() != teacher.tokenizer->content_hash())
    throw UserError(
        "`teacher` must have the student's vocabulary, but `{}` has another; take teacher and student of one "
        "family, or give both the same `vocab_file`",
        distillation.teacher);
  const int64_t positions = teacher.model->config().max_position_embeddings;
  if (positions < data.features.max_seq_length)
    throw UserError("`max_seq_length` must be at most {}, the positions of the teacher, but is {}", positions,
                    data.features.max_seq_length);
}

std::vector<loss::LossTerm> DistillSquadUnit::forward(const data::Batch& batch,
                                                      std::span<const uint64_t> sequence_keys) {
  const kernel::Rows rows = kernel::make_rows(batch.tokens, sequence_keys);
  at::Tensor targets;  // [T, 2]
  {
    const at::NoGradGuard no_grad;
    targets = teacher_.forward(rows).logits;
  }
  const at::Tensor logits = student_.forward(rows, {.is_training = true}).logits;  // [T, 2]
  loss::LossTerm hard = loss::span_loss(logits, rows.starts, batch.labels[0], batch.labels[1]);
  loss::LossTerm soft = loss::soft_span_loss(logits, targets, rows.starts, distillation_.temperature);
  hard.weight = distillation_.alpha_squad, soft.weight = distillation_.alpha_ce;
  return {std::move(hard), std::move(soft)};
}

}  // namespace retort::recipe
