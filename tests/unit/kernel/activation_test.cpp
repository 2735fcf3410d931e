// Activations against the reference and against their formulas, as one operation and fused with a matmul.
#include "retort/kernel/activation.h"

#include <ATen/ops/tensor.h>

#include "unit/kernel/compare_with_reference.h"

namespace retort::kernel::test {
namespace {

TEST(BiasActivation, EqualsReference) {
  for (const Activation activation :
       {Activation::kGeluErf, Activation::kGeluTanh, Activation::kRelu, Activation::kSwish, Activation::kTanh})
    for (const int64_t width : {1, 26, 100, 312}) {
      const Operation operation = [&](const Tensors& in, std::vector<Weight>& w, Precision) {
        return bias_activation(in[0], w[0], activation);
      };
      expect_equal_to_reference(operation, {at::randn({41, width}) * 3}, {at::randn({width})}, at::randn({41, width}));
    }
}

// x (1 + erf(x / sqrt(2))) / 2, and its tanh form, by their formulas in float64.
TEST(BiasActivation, GeluHasTheValuesOfItsFormulas) {
  const at::Tensor x = at::tensor({-1.0f, 0.5f, 2.0f}).reshape({3, 1});
  const Weight no_bias = make_weight(at::tensor({0.0f}), at::kFloat, Precision::kFloat32);
  const struct {
    Activation activation;
    float expected[3];
  } forms[] = {{Activation::kGeluErf, {-0.1586552539f, 0.3457312306f, 1.9544997361f}},
               {Activation::kGeluTanh, {-0.1588080096f, 0.3457140097f, 1.9545976939f}}};
  for (const Implementation choice : {Implementation::kFused, Implementation::kReference})
    for (const auto& form : forms) {
      const ScopedImplementation scoped(choice);
      const at::Tensor y = bias_activation(x, no_bias, form.activation).contiguous();
      for (int64_t i = 0; i < 3; ++i) EXPECT_NEAR(y.data_ptr<float>()[i], form.expected[i], 1e-6) << i;
    }
}

TEST(ActivatedLinear, EqualsReference) {
  for (const Activation activation : {Activation::kGeluErf, Activation::kRelu})
    for (const auto& [t, k, n] : {std::tuple<int64_t, int64_t, int64_t>{1, 8, 3}, {37, 104, 26}}) {
      const Operation operation = [&](const Tensors& in, std::vector<Weight>& w, Precision) {
        return activated_linear(in[0], w[0], activation, w[1]);
      };
      expect_equal_to_reference(operation, {at::randn({t, k}) * 2}, {at::randn({k}), at::randn({n, k})},
                                at::randn({t, n}));
    }
}

}  // namespace
}  // namespace retort::kernel::test
