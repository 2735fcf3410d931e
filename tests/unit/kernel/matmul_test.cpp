// Deterministic matmul: the same bits for any number of threads.
#include "retort/kernel/matmul.h"

#include <ATen/Parallel.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>

#include "retort/base/thread.h"
#include "unit/kernel/compare_with_reference.h"

namespace retort::kernel::test {
namespace {

TEST(Matmul, IsEqualForAnyThreadCountWhenDeterministic) {
  const at::Tensor a = at::randn({401, 300}), b = at::randn({300, 77}), bias = at::randn({77});
  set_deterministic_matmul(true);
  std::vector<Tensors> results;
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    at::set_num_threads(threads);
    at::Tensor total = at::ones({300, 77});
    add_matmul(total, a.t(), a.narrow(1, 0, 77));
    results.push_back({kernel::matmul(a, b, bias), total});
  }
  set_deterministic_matmul(false);
  EXPECT_TRUE(results[0][0].equal(results[1][0]) && results[0][0].equal(results[2][0]));
  EXPECT_TRUE(results[0][1].equal(results[1][1]) && results[0][1].equal(results[2][1]));
  EXPECT_LT(relative_difference(results[0][0], at::matmul(a.to(at::kDouble), b.to(at::kDouble)) + bias), 2e-6);
}

}  // namespace
}  // namespace retort::kernel::test
