// The cosine loss against the reference.
#include "retort/kernel/cosine_loss.h"

#include <ATen/ops/ones.h>

#include "unit/kernel/compare_with_reference.h"

namespace retort::kernel::test {
namespace {

TEST(CosineLoss, EqualsReference) {
  for (const int64_t width : {2, 26, 312}) {
    const at::Tensor targets = at::randn({7, width}).to(at::kBFloat16);
    const Operation operation = [&](const Tensors& in, std::vector<Weight>&, Precision) {
      return cosine_loss(in[0], targets);
    };
    expect_equal_to_reference(operation, {at::randn({7, width})}, {}, at::ones({}) * 0.5);
  }
}

}  // namespace
}  // namespace retort::kernel::test
