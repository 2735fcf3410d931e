// Fused attention against the reference, over odd head widths and sequence lengths.
#include "retort/kernel/attention.h"

#include <ATen/ops/equal.h>

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

// Restores what is set at the start of a process.
struct ScopedAttentionPrecision {
  explicit ScopedAttentionPrecision(Precision precision) { set_attention_precision(precision); }
  ~ScopedAttentionPrecision() { set_attention_precision(std::nullopt); }
};

// In a precision of its own, attention has the bits of that precision: only input and output are rounded.
TEST(AttentionPrecision, IsThatOfAnInputOfItsType) {
  const TokenRows rows = make_random_rows({5, 33, 70});
  const at::Tensor qkv = at::randn({rows.tokens(), 3 * 2 * 16}).to(at::kBFloat16),
                   grad = at::randn({rows.tokens(), 2 * 16}).to(at::kBFloat16);
  const auto run_in = [&](at::ScalarType type) {
    const at::Tensor leaf = qkv.to(type).detach().set_requires_grad(true);
    const at::Tensor context = attention(leaf, rows, 2, {0.1, 5 << 10});
    context.backward(grad.to(type));
    return std::pair(context.detach(), leaf.grad());
  };
  for (const Implementation implementation : {Implementation::kFused, Implementation::kReference}) {
    const ScopedImplementation scoped(implementation);
    const auto wide = run_in(at::kFloat), narrow = run_in(at::kBFloat16);
    if (implementation == Implementation::kFused)  // the reference computes bfloat16 in float32 and rounds at the end
      EXPECT_FALSE(at::equal(wide.first.to(at::kBFloat16), narrow.first)) << "both compute in one precision";
    {
      const ScopedAttentionPrecision own(Precision::kFloat32);
      const auto [context, gradient] = run_in(at::kBFloat16);
      EXPECT_TRUE(at::equal(context, wide.first.to(at::kBFloat16)));
      EXPECT_TRUE(at::equal(gradient, wide.second.to(at::kBFloat16)));
    }
    const ScopedAttentionPrecision own(Precision::kBf16);
    const auto [context, gradient] = run_in(at::kFloat);
    EXPECT_TRUE(at::equal(context, narrow.first.to(at::kFloat)));
    EXPECT_TRUE(at::equal(gradient, narrow.second.to(at::kFloat)));
  }
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
