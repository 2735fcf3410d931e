// Central finite differences check the gradients of the reference in float64, with which the other tests compare.
#include "retort/kernel/activation.h"
#include "retort/kernel/add_norm.h"
#include "retort/kernel/attention.h"
#include "retort/kernel/cosine_loss.h"
#include "retort/kernel/linear.h"
#include "retort/kernel/relation_loss.h"
#include "retort/kernel/softmax_loss.h"
#include "unit/kernel/random_inputs.h"

namespace retort::kernel::test {
namespace {

// Compares d(sum(f(x) * probe))/dx from autograd with central differences at every element of x.
void expect_gradient_of(const std::function<at::Tensor(const at::Tensor&)>& f, const at::Tensor& start) {
  const ScopedImplementation scoped(Implementation::kReference);
  at::Tensor x = start.to(at::kDouble).detach().set_requires_grad(true);
  const at::Tensor out = f(x), probe = at::randn(out.sizes(), at::kDouble);
  out.backward(probe);
  const at::Tensor gradient = x.grad().contiguous();
  at::Tensor moved = x.detach().clone();
  double* values = moved.data_ptr<double>();
  constexpr double kStep = 1e-5;
  for (int64_t i = 0; i < moved.numel(); ++i) {
    const double before = values[i];
    values[i] = before + kStep;
    const double above = (f(moved) * probe).sum().item<double>();
    values[i] = before - kStep;
    const double below = (f(moved) * probe).sum().item<double>();
    values[i] = before;
    EXPECT_NEAR(gradient.data_ptr<double>()[i], (above - below) / (2 * kStep), 1e-5) << "element " << i;
  }
}

TEST(FiniteDifferences, Attention) {
  const TokenRows rows = make_random_rows({3, 1, 5});
  expect_gradient_of(
      [&](const at::Tensor& x) {
        return attention(x, rows, 2, {0.2, 1 << 10});
      },
      at::randn({9, 3 * 2 * 3}));
}

TEST(FiniteDifferences, AddNorm) {
  const TokenRows rows = make_random_rows({4});
  Weight gamma = make_weight(at::randn({5}), at::kDouble, Precision::kFloat32),
         beta = make_weight(at::randn({5}), at::kDouble, Precision::kFloat32);
  expect_gradient_of(
      [&](const at::Tensor& x) {
        return add_norm(x, nullptr, x, {&gamma, &beta, 1e-12}, rows, {0.3, 1 << 10});
      },
      at::randn({4, 5}));
}

TEST(FiniteDifferences, LinearAndActivation) {
  Weight weight = make_weight(at::randn({6, 4}), at::kDouble, Precision::kFloat32),
         bias = make_weight(at::randn({6}), at::kDouble, Precision::kFloat32);
  for (const Activation activation :
       {Activation::kGeluErf, Activation::kGeluTanh, Activation::kSwish, Activation::kTanh})
    expect_gradient_of(
        [&](const at::Tensor& x) { return bias_activation(linear(x, weight, nullptr), bias, activation); },
        at::randn({3, 4}));
}

TEST(FiniteDifferences, ActivatedLinear) {
  Weight weight = make_weight(at::randn({4, 6}), at::kDouble, Precision::kFloat32),
         bias = make_weight(at::randn({6}), at::kDouble, Precision::kFloat32);
  expect_gradient_of([&](const at::Tensor& x) { return activated_linear(x, bias, Activation::kGeluErf, weight); },
                     at::randn({3, 6}));
}

TEST(FiniteDifferences, CosineLoss) {
  const at::Tensor targets = at::randn({3, 5});
  expect_gradient_of([&](const at::Tensor& x) { return cosine_loss(x, targets); }, at::randn({3, 5}));
}

TEST(FiniteDifferences, RelationLoss) {
  const TokenRows rows = make_random_rows({3, 1, 4});
  for (const Relation relation : {Relation::kQueryKey, Relation::kSelf})
    for (const auto distance : {Distance::kDivergence, Distance::kSquared, Distance::kCosine}) {
      const int64_t parts = relation == Relation::kQueryKey ? 3 : 1;
      const at::Tensor teacher = at::randn({8, parts * 2 * 5});
      expect_gradient_of(
          [&](const at::Tensor& x) {
            return relation_loss(x, teacher, rows, {2, relation, distance});
          },
          at::randn({8, parts * 2 * 3}));
    }
}

TEST(FiniteDifferences, SoftmaxLoss) {
  const at::Tensor teacher = at::randn({3, 5});
  const std::vector<int32_t> labels{4, kNoLabel, 0};
  const SoftmaxLossOptions options{.temperature = 2, .hard_weight = 0.4, .soft_weight = 0.6, .squared_weight = 0.1};
  expect_gradient_of([&](const at::Tensor& x) { return softmax_loss(x, teacher, labels, options); }, at::randn({3, 5}));
}

}  // namespace
}  // namespace retort::kernel::test
