// Linear layers against the reference, with and without a bias.
#include "retort/kernel/linear.h"

#include "unit/kernel/compare_with_reference.h"

namespace retort::kernel::test {
namespace {

TEST(Linear, EqualsReference) {
  for (const auto& [t, k, n] : {std::tuple<int64_t, int64_t, int64_t>{1, 8, 3}, {37, 52, 100}, {65, 312, 24}}) {
    const Operation with_bias = [](const Tensors& in, std::vector<Weight>& w, Precision) {
      return linear(in[0], w[0], &w[1]);
    };
    const Operation without_bias = [](const Tensors& in, std::vector<Weight>& w, Precision) {
      return linear(in[0], w[0], nullptr);
    };
    expect_equal_to_reference(with_bias, {at::randn({t, k})}, {at::randn({n, k}), at::randn({n})}, at::randn({t, n}));
    expect_equal_to_reference(without_bias, {at::randn({t, k})}, {at::randn({n, k})}, at::randn({t, n}));
  }
}

}  // namespace
}  // namespace retort::kernel::test
