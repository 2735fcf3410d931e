// Recomputation gives the bits of the operations whose activations are kept.
#include "retort/kernel/recompute.h"

#include "retort/kernel/activation.h"
#include "retort/kernel/add_norm.h"
#include "unit/kernel/compare_with_reference.h"

namespace retort::kernel::test {
namespace {

TEST(Recompute, EqualsTheSameOperationsKept) {
  const TokenRows rows = make_random_rows({9, 30});
  const Operation kept = [&](const Tensors& in, std::vector<Weight>& w, Precision) {
    return add_norm(activated_linear(in[0], w[0], Activation::kGeluErf, w[1]), nullptr, in[0], {&w[2], &w[3], 1e-12},
                    rows, {0.1, 3 << 10});
  };
  const Operation recomputed = [&](const Tensors& in, std::vector<Weight>& w, Precision precision) {
    return recompute(in[0], [&](const at::Tensor& x) { return kept({x}, w, precision); });
  };
  const Tensors inputs{at::randn({39, 24})},
      weights{at::randn({24}), at::randn({24, 24}), at::randn({24}), at::randn({24})};
  const at::Tensor grad = at::randn({39, 24});
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const Results a = run(kept, inputs, weights, grad, type, Implementation::kFused),
                  b = run(recomputed, inputs, weights, grad, type, Implementation::kFused);
    EXPECT_TRUE(a.output.equal(b.output));
    for (size_t i = 0; i < a.gradients.size(); ++i) EXPECT_TRUE(a.gradients[i].equal(b.gradients[i])) << i;
  }
}

}  // namespace
}  // namespace retort::kernel::test
