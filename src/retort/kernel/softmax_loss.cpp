#include "retort/kernel/softmax_loss.h"

#include "retort/base/error.h"
#include "retort/kernel/autograd.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/loss_node.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

namespace {

void check_inputs(const at::Tensor& logits, const at::Tensor& teacher, const IndexList& labels,
                  const SoftmaxLossOptions& options) {
  RETORT_CHECK(logits.dim() == 2 && logits.size(1) > 0, "softmax_loss takes rows of logits");
  const bool needs_teacher = options.soft_weight != 0 || options.squared_weight != 0;
  RETORT_CHECK(!needs_teacher || (teacher.defined() && teacher.sizes() == logits.sizes()),
               "logits of the teacher must have the shape of the student's");
  if (options.hard_weight == 0) return;
  RETORT_CHECK(logits.size(0) == labels.size(), "{} rows of logits for {} labels", logits.size(0), labels.size());
  for (const int32_t label : labels.host)
    RETORT_CHECK(label == kNoLabel || (label >= 0 && label < logits.size(1)), "label {} of {} classes", label,
                 logits.size(1));
}

}  // namespace

at::Tensor softmax_loss(const at::Tensor& logits, const at::Tensor& teacher, const IndexList& labels,
                        const SoftmaxLossOptions& options, SoftmaxLossSums* sums) {
  check_inputs(logits, teacher, labels, options);
  LossResult result;
  {
    const OperationTimer timer(Operation::kLoss);
    const at::Tensor plain = logits.detach().contiguous(),
                     targets = teacher.defined() ? teacher.detach().to(plain.scalar_type()).contiguous() : at::Tensor();
    result = engine().softmax_loss(plain, targets, labels, options, is_grad_enabled());
  }
  if (sums) *sums = result.sums;
  return attach_gradient(result, logits);
}

}  // namespace retort::kernel
