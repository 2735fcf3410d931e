// The distillation losses against LibTorch's own expressions in float64, and the check values of the formulas.
#include "retort/loss/distillation.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cosine_embedding_loss.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

namespace retort::loss {
namespace {

const bool kIsDistillationSeeded = (at::manual_seed(20240607), true);  // the same inputs every time

struct ValueAndGradient {
  double value;
  at::Tensor gradient;
};

template <typename Loss>
ValueAndGradient evaluate(const at::Tensor& values, at::ScalarType type, Loss&& loss) {
  at::Tensor leaf = values.to(type).detach().set_requires_grad(true);
  const at::Tensor sum = loss(leaf);
  sum.backward();
  return {sum.template item<double>(), leaf.grad().to(at::kDouble)};
}

void expect_close(const ValueAndGradient& own, const ValueAndGradient& exact) {
  EXPECT_NEAR(own.value, exact.value, 1e-5 * std::max(1.0, std::abs(exact.value)));
  EXPECT_LT((own.gradient - exact.gradient).abs().max().item<double>(), 1e-6);
}

TEST(SoftSpanLoss, EqualsLibTorch) {
  const std::vector<int32_t> starts{0, 4, 5, 12};
  const at::Tensor student = at::randn({12, 2}) * 2, teacher = at::randn({12, 2}) * 3;
  for (const double temperature : {1.0, 2.0}) {
    const auto own = evaluate(student, at::kFloat, [&](const at::Tensor& x) {
      return soft_span_loss(x, teacher, kernel::make_bounds(starts), temperature).sum;
    });
    const auto exact = evaluate(student, at::kDouble, [&](const at::Tensor& x) {
      at::Tensor total = x.sum() * 0;
      for (int64_t b = 0; b < 3; ++b)
        for (int64_t column = 0; column < 2; ++column) {
          const auto logits = [&](const at::Tensor& all) {
            return all.narrow(0, starts[b], starts[b + 1] - starts[b]).select(1, column) / temperature;
          };
          total = total + 0.5 * temperature * temperature *
                              at::kl_div(at::log_softmax(logits(x), 0), at::softmax(logits(teacher.to(at::kDouble)), 0),
                                         at::Reduction::Sum);
        }
      return total;
    });
    expect_close(own, exact);
  }
  EXPECT_EQ(soft_span_loss(student, teacher, kernel::make_bounds(starts), 1).count, 3);
}

TEST(SoftSpanCrossEntropy, EqualsLibTorch) {
  const std::vector<int32_t> starts{0, 4, 5, 12};
  const at::Tensor student = at::randn({12, 2}) * 2, teacher = at::randn({12, 2}) * 3;
  for (const double temperature : {1.0, 2.0}) {
    const auto own = evaluate(student, at::kFloat, [&](const at::Tensor& x) {
      return soft_span_cross_entropy(x, teacher, kernel::make_bounds(starts), temperature).sum;
    });
    const auto exact = evaluate(student, at::kDouble, [&](const at::Tensor& x) {
      at::Tensor total = x.sum() * 0;
      for (int64_t b = 0; b < 3; ++b) {
        const auto logits = [&](const at::Tensor& all) {
          return all.narrow(0, starts[b], starts[b + 1] - starts[b]) / temperature;
        };
        total = total - (at::softmax(logits(teacher.to(at::kDouble)), 0) * at::log_softmax(logits(x), 0)).sum();
      }
      return total;
    });
    expect_close(own, exact);
  }
  EXPECT_EQ(soft_span_cross_entropy(student, teacher, kernel::make_bounds(starts), 1).count, 12);
}

TEST(SoftSpanLoss, CheckValue) {
  const at::Tensor s = at::tensor({1.0f, 2.0f, 0.5f}), t = at::tensor({0.2f, 3.0f, -1.0f});
  const std::vector<int32_t> starts{0, 3};
  EXPECT_NEAR(
      soft_span_loss(at::stack({s, s}, 1), at::stack({t, t}, 1), kernel::make_bounds(starts), 2).sum.item<float>(),
      0.5013628966, 1e-6);
}

TEST(SoftCrossEntropy, CheckValue) {
  const at::Tensor s = at::tensor({1.0f, 2.0f, 0.5f}).view({1, 3}), t = at::tensor({0.2f, 3.0f, -1.0f}).view({1, 3});
  const LossSum loss = soft_cross_entropy(s, t, 1);
  EXPECT_EQ(loss.count, 3);
  EXPECT_NEAR(loss.sum.item<float>() / loss.count, 0.1820596711, 1e-6);
}

TEST(CosineDistance, EqualsLibTorch) {
  const at::Tensor student = at::randn({5, 24}), teacher = at::randn({5, 24});
  const auto own = evaluate(student, at::kFloat, [&](const at::Tensor& x) { return cosine_distance(x, teacher).sum; });
  const auto exact = evaluate(student, at::kDouble, [&](const at::Tensor& x) {
    return at::cosine_embedding_loss(x, teacher.to(at::kDouble), at::ones({5}, at::kDouble), 0, at::Reduction::Sum);
  });
  expect_close(own, exact);
}

}  // namespace
}  // namespace retort::loss
