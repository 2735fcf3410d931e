// Add and norm against the reference, over odd widths, with and without dropout.
#include "retort/kernel/add_norm.h"

#include "unit/kernel/compare_with_reference.h"

namespace retort::kernel::test {
namespace {

TEST(AddNorm, EqualsReference) {
  for (const double probability : {0.0, 0.1})
    for (const int64_t width : {5, 24, 52, 312, 768}) {
      const TokenRows rows = make_random_rows({3, 1, 40});
      const Dropout dropout{probability, 3 << 10};
      const Operation full = [&](const Tensors& in, std::vector<Weight>& w, Precision) {
        return add_norm(in[0], &w[0], in[1], {&w[1], &w[2], 1e-12}, rows, dropout);
      };
      const Operation bare = [&](const Tensors& in, std::vector<Weight>& w, Precision) {
        return add_norm(in[0], nullptr, at::Tensor(), {&w[0], &w[1], 1e-12}, rows, dropout);
      };
      const auto make = [&] { return at::randn({44, width}); };
      expect_equal_to_reference(full, {make(), make()}, {at::randn({width}), at::randn({width}), at::randn({width})},
                                make());
      if (probability == 0) expect_equal_to_reference(bare, {make()}, {at::randn({width}), at::randn({width})}, make());
    }
}

}  // namespace
}  // namespace retort::kernel::test
