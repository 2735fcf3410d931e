#include "retort/loss/distillation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>

#include "retort/base/error.h"
#include "retort/kernel/cosine_loss.h"
#include "retort/kernel/segment_loss.h"

namespace retort::loss {

LossSum soft_span_loss(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows,
                       double temperature) {
  return {kernel::segment_divergence(student, teacher, rows,
                                     {.temperature = temperature, .factor = 0.5 * temperature * temperature}),
          static_cast<double>(rows.sequences())};
}

LossSum soft_span_cross_entropy(const at::Tensor& student, const at::Tensor& teacher, const kernel::TokenRows& rows,
                                double temperature) {
  return {kernel::segment_divergence(student, teacher, rows, {.temperature = temperature, .with_entropy = true}),
          static_cast<double>(student.size(0))};
}

LossSum soft_cross_entropy(const at::Tensor& student, const at::Tensor& teacher, double temperature) {
  RETORT_CHECK(student.sizes() == teacher.sizes() && student.dim() == 2, "student and teacher must have one shape");
  const at::Tensor target = at::softmax(teacher.detach().to(at::kFloat) / temperature, 1);
  const at::Tensor sum = -(target * at::log_softmax(student.to(at::kFloat) / temperature, 1)).sum();
  return {sum, static_cast<double>(student.numel())};
}

LossSum cosine_distance(const at::Tensor& student, const at::Tensor& teacher) {
  return {kernel::cosine_loss(student, teacher), static_cast<double>(student.size(0))};
}

}  // namespace retort::loss
