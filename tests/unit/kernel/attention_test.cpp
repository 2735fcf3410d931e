// Fused attention against the reference, over odd head widths and sequence lengths.
#include "retort/kernel/attention.h"

#include "unit/kernel/compare_with_reference.h"

namespace retort::kernel::test {
namespace {

class AttentionSizes : public testing::TestWithParam<std::tuple<int64_t, int64_t, double, std::vector<int64_t>>> {};

TEST_P(AttentionSizes, EqualsReference) {
  const auto& [heads, width, probability, lengths] = GetParam();
  const TokenRows rows = make_random_rows(lengths);
  const Dropout dropout{probability, 5 << 10};
  const Operation operation = [&, h = heads](const Tensors& in, std::vector<Weight>&, Precision) {
    return attention(in[0], rows, h, dropout);
  };
  expect_equal_to_reference(operation, {at::randn({rows.tokens(), 3 * heads * width})}, {},
                            at::randn({rows.tokens(), heads * width}));
}

INSTANTIATE_TEST_SUITE_P(Sizes, AttentionSizes,
                         testing::Values(std::make_tuple(1, 64, 0.0, std::vector<int64_t>{1}),
                                         std::make_tuple(2, 64, 0.1, std::vector<int64_t>{1, 2, 3, 130}),
                                         std::make_tuple(3, 26, 0.1, std::vector<int64_t>{17, 64, 65, 33}),
                                         std::make_tuple(2, 24, 0.0, std::vector<int64_t>{63, 31, 100}),
                                         std::make_tuple(2, 32, 0.1, std::vector<int64_t>{512, 5}),
                                         std::make_tuple(1, 7, 0.2, std::vector<int64_t>{80, 15}),
                                         std::make_tuple(1, 1, 0.0, std::vector<int64_t>{48}),
                                         std::make_tuple(1, 128, 0.1, std::vector<int64_t>{97, 640})));

}  // namespace
}  // namespace retort::kernel::test
