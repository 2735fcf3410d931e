#include "retort/kernel/relation_loss.h"

#include "retort/base/error.h"
#include "retort/kernel/autograd.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/loss_node.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

at::Tensor relation_loss(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                         const RelationLossOptions& options) {
  const int64_t parts = options.relation == Relation::kSelf ? 1 : 3;
  for (const at::Tensor& side : {student, teacher})
    RETORT_CHECK(side.dim() == 2 && side.size(0) == rows.tokens() && side.size(1) % (parts * options.heads) == 0,
                 "relation_loss got [{}, {}] for {} tokens and {} heads", side.size(0), side.size(1), rows.tokens(),
                 options.heads);
  LossResult result;
  {
    const OperationTimer timer(Operation::kLoss);
    const at::Tensor own = student.detach().contiguous(), other = teacher.detach().to(own.scalar_type()).contiguous();
    result = engine().relation_loss(own, other, rows, options, is_grad_enabled());
  }
  return attach_gradient(result, student);
}

}  // namespace retort::kernel
