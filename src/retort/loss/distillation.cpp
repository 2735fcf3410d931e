#include "retort/loss/distillation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <cmath>

#include "retort/base/error.h"
#include "retort/kernel/autograd.h"
#include "retort/kernel/cosine_loss.h"
#include "retort/kernel/operation_timer.h"

namespace retort::loss {

namespace {

// The candidates of one sequence: `count` logits that lie two floats apart.
struct Column {
  const float* logits;
  int64_t count;

  std::vector<double> log_probabilities(double temperature) const {
    std::vector<double> values(static_cast<size_t>(count));
    double highest = -INFINITY, sum = 0;
    for (int64_t i = 0; i < count; ++i) {
      values[i] = logits[2 * i] / temperature;
      highest = std::max(highest, values[i]);
    }
    for (const double value : values) sum += std::exp(value - highest);
    for (double& value : values) value -= highest + std::log(sum);
    return values;
  }
};

// factor * sum over sequences, starts and ends of KL(teacher || student), plus the entropies of the teacher's
// distributions if asked for, which have no gradient.
at::Tensor span_divergence(const at::Tensor& student, const at::Tensor& teacher, std::span<const int32_t> starts,
                           double temperature, double factor, bool with_entropy) {
  RETORT_CHECK(student.sizes() == teacher.sizes() && student.size(1) == 2 && student.size(0) == starts.back(),
               "soft targets of spans are two logits for every token");
  const kernel::OperationTimer timer(kernel::Operation::kLoss);
  const at::Tensor s = student.detach().to(at::kFloat).contiguous(), t = teacher.detach().to(at::kFloat).contiguous();
  at::Tensor gradient = at::empty(s.sizes(), at::kFloat);  // of the sum
  double total = 0;
  for (size_t b = 0; b + 1 < starts.size(); ++b)
    for (int64_t column = 0; column < 2; ++column) {
      const int64_t first = 2 * starts[b] + column, count = starts[b + 1] - starts[b];
      const auto own = Column{s.data_ptr<float>() + first, count}.log_probabilities(temperature),
                 target = Column{t.data_ptr<float>() + first, count}.log_probabilities(temperature);
      float* out = gradient.data_ptr<float>() + first;
      for (int64_t i = 0; i < count; ++i) {
        const double p = std::exp(target[i]);
        total += factor * p * ((with_entropy ? 0 : target[i]) - own[i]);
        out[2 * i] = static_cast<float>(factor / temperature * (std::exp(own[i]) - p));
      }
    }
  at::Tensor sum = at::empty({}, at::kFloat);
  *sum.data_ptr<float>() = static_cast<float>(total);
  if (!kernel::is_grad_enabled()) return sum;
  return kernel::attach_backward(sum, {student}, [gradient](const at::Tensor& grad) -> std::vector<at::Tensor> {
    return {gradient * *grad.data_ptr<float>()};
  });
}

}  // namespace

LossSum soft_span_loss(const at::Tensor& student, const at::Tensor& teacher, std::span<const int32_t> starts,
                       double temperature) {
  const double factor = 0.5 * temperature * temperature;
  return {span_divergence(student, teacher, starts, temperature, factor, false),
          static_cast<double>(starts.size() - 1)};
}

LossSum soft_span_cross_entropy(const at::Tensor& student, const at::Tensor& teacher, std::span<const int32_t> starts,
                                double temperature) {
  return {span_divergence(student, teacher, starts, temperature, 1, true), static_cast<double>(student.size(0))};
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
