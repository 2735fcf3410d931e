// Embeddings against the reference, with and without a padding row.
#include "retort/kernel/embedding.h"

#include "unit/kernel/compare_with_reference.h"

namespace retort::kernel::test {
namespace {

TEST(Embed, EqualsReference) {
  const TokenRows rows = make_random_rows({60, 1, 9, 33});
  for (const int64_t padding_id : {-1, 0, 7})
    for (const double probability : {0.0, 0.1}) {
      const Operation operation = [&](const Tensors&, std::vector<Weight>& w, Precision precision) {
        const EmbeddingWeights weights{&w[0], &w[1], &w[2], {&w[3], &w[4], 1e-12}, padding_id};
        at::Tensor out = embed(rows, weights, precision, {probability, 1 << 10});
        return w[0].value.scalar_type() == at::kDouble ? out.to(at::kDouble) : out;
      };
      expect_equal_to_reference(
          operation, {},
          {at::randn({50, 52}), at::randn({64, 52}), at::randn({2, 52}), at::randn({52}), at::randn({52})},
          at::randn({rows.tokens(), 52}));
    }
}

}  // namespace
}  // namespace retort::kernel::test
