// The relation loss against the reference, over odd head widths, sequence lengths and thread counts.
#include "retort/kernel/relation_loss.h"

#include <ATen/ops/ones.h>

#include "retort/base/thread.h"
#include "unit/kernel/compare_with_reference.h"

namespace retort::kernel::test {
namespace {

class RelationSizes
    : public testing::TestWithParam<std::tuple<int64_t, int64_t, int64_t, std::vector<int64_t>, Distance>> {};

TEST_P(RelationSizes, EqualsReference) {
  const auto& [heads, width, teacher_width, lengths, distance] = GetParam();
  const TokenRows rows = make_random_rows(lengths);
  for (const Relation relation : {Relation::kQueryKey, Relation::kSelf}) {
    const int64_t parts = relation == Relation::kQueryKey ? 3 : 1;
    const at::Tensor teacher = at::randn({rows.tokens(), parts * heads * teacher_width}).to(at::kBFloat16);
    const RelationLossOptions options{heads, relation, distance};
    const Operation operation = [&](const Tensors& in, std::vector<Weight>&, Precision) {
      return relation_loss(in[0], teacher, rows, options);
    };
    expect_equal_to_reference(operation, {at::randn({rows.tokens(), parts * heads * width})}, {}, at::ones({}) * 0.5);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, RelationSizes,
    testing::Combine(testing::Values(2), testing::Values(7, 26), testing::Values(24, 64),
                     testing::Values(std::vector<int64_t>{1, 4}, std::vector<int64_t>{2, 65, 17, 64},
                                     std::vector<int64_t>{130, 3}),
                     testing::Values(Distance::kDivergence, Distance::kSquared, Distance::kCosine)));

TEST(RelationLoss, IsZeroForAStudentThatEqualsItsTeacher) {
  const TokenRows rows = make_random_rows({5, 70});
  const at::Tensor qkv = at::randn({75, 3 * 2 * 8});
  for (const auto distance : {Distance::kDivergence, Distance::kSquared, Distance::kCosine})
    EXPECT_NEAR(relation_loss(qkv, qkv, rows, {2, Relation::kQueryKey, distance}).item<float>(), 0, 1e-4);
}

TEST(RelationLoss, IsEqualForAnyThreadCount) {
  const TokenRows rows = make_random_rows({5, 70, 33, 12});
  const at::Tensor student = at::randn({120, 3 * 4 * 8}), teacher = at::randn({120, 3 * 4 * 16});
  std::vector<at::Tensor> sums;
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    sums.push_back(relation_loss(student, teacher, rows, {4, Relation::kQueryKey, Distance::kDivergence}));
  }
  EXPECT_TRUE(sums[0].equal(sums[1]) && sums[0].equal(sums[2]));
}

}  // namespace
}  // namespace retort::kernel::test
