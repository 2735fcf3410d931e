// Losses over classes against the reference and against values of their published formulas.
#include "retort/kernel/softmax_loss.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include "retort/kernel/cosine_loss.h"
#include "unit/kernel/compare_with_reference.h"

namespace retort::kernel::test {
namespace {

TEST(SoftmaxLoss, EqualsReference) {
  const SoftmaxLossOptions ways[] = {{.hard_weight = 1},
                                     {.temperature = 2, .soft_weight = 1},
                                     {.temperature = 1, .hard_weight = 0.3, .soft_weight = 0.7},
                                     {.temperature = 3, .hard_weight = 0.5, .soft_weight = 2, .squared_weight = 0.1}};
  for (const int64_t classes : {1, 3, 100, 1003}) {
    const at::Tensor teacher = (at::randn({9, classes}) * 3).to(at::kBFloat16);
    std::vector<int32_t> labels;
    for (int32_t n = 0; n < 9; ++n) labels.push_back(n % 4 == 1 ? kNoLabel : static_cast<int32_t>(n * 7 % classes));
    for (const SoftmaxLossOptions& options : ways) {
      const Operation operation = [&](const Tensors& in, std::vector<Weight>&, Precision) {
        return softmax_loss(in[0], teacher, labels, options);
      };
      expect_equal_to_reference(operation, {at::randn({9, classes}) * 3}, {}, at::ones({}) * 0.5);
    }
  }
}

// Values computed from the published formulas.
TEST(SoftmaxLoss, CheckValues) {
  const at::Tensor s = at::tensor({1.0f, 2.0f, 0.5f}).view({1, 3}), t = at::tensor({0.2f, 3.0f, -1.0f}).view({1, 3});
  for (const Implementation choice : {Implementation::kFused, Implementation::kReference}) {
    const ScopedImplementation scoped(choice);
    SoftmaxLossSums sums;
    EXPECT_NEAR(softmax_loss(s, t, {}, {.soft_weight = 1}).item<float>(), 0.2443537269, 1e-6);
    EXPECT_NEAR(softmax_loss(s, t, {}, {.temperature = 2, .soft_weight = 1}).item<float>(), 0.5013628966, 1e-6);
    softmax_loss(s, t, {}, {.soft_weight = 1e-9, .squared_weight = 0.5}, &sums);
    EXPECT_NEAR(sums.squared.item<double>(), 3.89, 1e-5);
    EXPECT_NEAR(sums.soft.item<double>(), 0.2443537269, 1e-6);
    EXPECT_NEAR(cosine_loss(s, t).item<float>(), 0.2148939075, 1e-6);
  }
}

}  // namespace
}  // namespace retort::kernel::test
