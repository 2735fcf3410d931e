// The losses against LibTorch's own expressions in float64: values and gradients.
#include "retort/loss/cross_entropy.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "retort/base/error.h"

namespace retort::loss {
namespace {

const bool kIsSeeded = (at::manual_seed(20240607), true);  // the same inputs every time

// The gradient of a scalar with respect to a float32 copy of `values`.
template <typename Loss>
std::pair<double, at::Tensor> value_and_gradient(const at::Tensor& values, at::ScalarType type, Loss&& loss) {
  at::Tensor leaf = values.to(type).detach().set_requires_grad(true);
  const at::Tensor sum = loss(leaf);
  sum.backward();
  return {sum.template item<double>(), leaf.grad().to(at::kDouble)};
}

void expect_close(const std::pair<double, at::Tensor>& own, const std::pair<double, at::Tensor>& exact) {
  EXPECT_NEAR(own.first, exact.first, 1e-5 * std::max(1.0, std::abs(exact.first)));
  EXPECT_LT((own.second - exact.second).abs().max().item<double>(), 1e-6);
}

TEST(CrossEntropy, EqualsLibTorch) {
  const at::Tensor logits = at::randn({5, 7}) * 3;
  const std::vector<int32_t> labels{0, 6, kIgnored, 3, 3};
  EXPECT_EQ(cross_entropy(logits, labels).count, 4);
  const auto own =
      value_and_gradient(logits, at::kFloat, [&](const at::Tensor& x) { return cross_entropy(x, labels).sum; });
  const at::Tensor targets = at::tensor({0, 6, -100, 3, 3}, at::kLong);
  const auto exact = value_and_gradient(logits, at::kDouble, [&](const at::Tensor& x) {
    return at::cross_entropy_loss(x, targets, {}, at::Reduction::Sum, -100);
  });
  expect_close(own, exact);
}

TEST(CrossEntropy, SpansOfARaggedBatch) {
  const std::vector<int32_t> starts{0, 4, 5, 12, 15}, first{1, 0, 6, kIgnored}, last{3, 0, 2, kIgnored};
  const at::Tensor logits = at::randn({15, 2}) * 2;
  EXPECT_EQ(span_loss(logits, kernel::make_bounds(starts), first, last).count, 3) << "the last has no answer to learn";
  const auto own = value_and_gradient(logits, at::kFloat, [&](const at::Tensor& x) {
    return span_loss(x, kernel::make_bounds(starts), first, last).sum;
  });
  const auto exact = value_and_gradient(logits, at::kDouble, [&](const at::Tensor& x) {
    at::Tensor total = x.sum() * 0;
    for (int64_t b = 0; b < 4; ++b) {
      const at::Tensor sequence = x.narrow(0, starts[b], starts[b + 1] - starts[b]).t();  // [2, S]
      total =
          total +
          at::cross_entropy_loss(sequence, at::tensor({first[b], last[b]}, at::kLong), {}, at::Reduction::Sum) * 0.5;
    }
    return total;
  });
  expect_close(own, exact);
}

TEST(CrossEntropy, SquaredError) {
  const at::Tensor predictions = at::randn({4, 1});
  const std::vector<float> targets{1, -2, 0.5f, 3};
  const auto own = value_and_gradient(predictions, at::kFloat,
                                      [&](const at::Tensor& x) { return squared_error(x, at::tensor(targets)).sum; });
  const auto exact = value_and_gradient(predictions, at::kDouble, [&](const at::Tensor& x) {
    return at::mse_loss(x.reshape({-1}), at::tensor({1.0, -2.0, 0.5, 3.0}, at::kDouble), at::Reduction::Sum);
  });
  expect_close(own, exact);
}

TEST(CrossEntropy, LargeLogitsStayFinite) {
  const at::Tensor logits = at::tensor({1e4f, -1e4f}).view({1, 2});
  EXPECT_NEAR(cross_entropy(logits, std::vector<int32_t>{1}).sum.item<double>(), 2e4, 1);
  EXPECT_EQ(cross_entropy(logits, std::vector<int32_t>{0}).sum.item<double>(), 0);
}

TEST(CrossEntropy, RefusesLabelsOutside) {
  EXPECT_THROW(cross_entropy(at::randn({1, 3}), std::vector<int32_t>{3}), InternalError);
  EXPECT_THROW(position_cross_entropy(at::randn({3}), kernel::make_bounds({0, 3}), std::vector<int32_t>{3}),
               InternalError);
}

}  // namespace
}  // namespace retort::loss
