#include "retort/kernel/segment_loss.h"

#include "retort/base/error.h"
#include "retort/kernel/autograd.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/loss_node.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

namespace {

at::Tensor plain_float(const at::Tensor& x) {
  return x.detach().to(x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat).contiguous();
}

void check_positions(const TokenRows& rows, std::span<const int32_t> targets) {
  RETORT_CHECK(std::ssize(targets) == rows.sequences(), "{} positions for {} sequences", targets.size(),
               rows.sequences());
  for (size_t b = 0; b < targets.size(); ++b) {
    const int64_t length = rows.starts[b + 1] - rows.starts[b];
    RETORT_CHECK(targets[b] == kNoLabel || (targets[b] >= 0 && targets[b] < length),
                 "position {} in a sequence of {} tokens", targets[b], length);
  }
}

}  // namespace

at::Tensor segment_cross_entropy(const at::Tensor& logits, int64_t column, const TokenRows& rows,
                                 const IndexList& targets) {
  check_positions(rows, targets.host);
  const Engine& device = engine();
  const at::Tensor plain = plain_float(logits);
  SegmentLossResult result;
  {
    const OperationTimer timer(Operation::kLoss);
    result = device.segment_cross_entropy(plain, column, rows, targets);
  }
  if (!is_grad_enabled()) return result.total;
  const at::Tensor total = result.total;
  result.total = at::Tensor();
  // The node outlives the caller's list.
  return attach_backward(
      total, {logits},
      [&device, plain, column, rows, result, on_device = targets.on_device,
       host = std::vector<int32_t>(targets.host.begin(), targets.host.end())](const at::Tensor& grad) {
        const OperationTimer timer(Operation::kLoss);
        return std::vector<at::Tensor>{
            device.segment_cross_entropy_backward(grad, plain, column, rows, {host, on_device}, result)};
      });
}

at::Tensor segment_divergence(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                              const SegmentDivergenceOptions& options) {
  RETORT_CHECK(student.sizes() == teacher.sizes() && student.dim() == 2 && student.size(0) == rows.tokens(),
               "soft targets of tokens are logits of the student's shape for every token");
  LossResult result;
  {
    const OperationTimer timer(Operation::kLoss);
    result = engine().segment_divergence(plain_float(student), plain_float(teacher), rows, options);
  }
  return is_grad_enabled() ? attach_gradient(result, student) : result.total;
}

}  // namespace retort::kernel
