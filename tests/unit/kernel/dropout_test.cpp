// Dropout: the rate, the independence of neighbors, and that a row's mask depends only on its key and site.
#include "retort/kernel/dropout.h"

#include <ATen/ops/ones.h>

#include <cmath>

#include "retort/kernel/engine.h"
#include "unit/kernel/random_inputs.h"

namespace retort::kernel::test {
namespace {

TEST(Dropout, KeepsTheExpectedShare) {
  for (const double p : {0.05, 0.1, 0.5}) {
    const Dropout settings{p, 9};
    int64_t dropped = 0, both = 0;
    constexpr int64_t kRows = 500, kColumns = 384;
    for (int64_t r = 0; r < kRows; ++r) {
      const uint32_t key =
          dropout_row_key(static_cast<int64_t>(random_bits(3, static_cast<uint64_t>(r))), settings.site);
      bool before = false;
      for (uint32_t c = 0; c < kColumns; ++c) {
        const bool is_dropped = !is_kept(key, c, settings.threshold());
        dropped += is_dropped;
        both += is_dropped && before;
        before = is_dropped;
      }
    }
    const double n = kRows * kColumns, sd = std::sqrt(n * p * (1 - p));
    EXPECT_NEAR(static_cast<double>(dropped), n * p, 5 * sd);
    EXPECT_NEAR(static_cast<double>(both), n * p * p, 6 * std::sqrt(n * p * p)) << "neighbors are not independent";
  }
}

TEST(Dropout, KeepsTheExpectation) {
  const TokenRows rows = make_random_rows({400});
  const at::Tensor out = dropout(at::ones({400, 100}), rows.keys, {0.1, 1});
  EXPECT_NEAR(out.mean().item<double>(), 1.0, 0.01);
  EXPECT_NEAR(out.max().item<double>(), 1.0 / 0.9, 1e-6);
}

TEST(Dropout, SitesAndKeysDiffer) {
  int64_t equal_sites = 0, equal_rows = 0;
  for (uint32_t c = 0; c < 10000; ++c) {
    const bool first = is_kept(dropout_row_key(77, 1), c, 1u << 31);
    equal_sites += first == is_kept(dropout_row_key(77, 2), c, 1u << 31);
    equal_rows += first == is_kept(dropout_row_key(78, 1), c, 1u << 31);
  }
  EXPECT_NEAR(static_cast<double>(equal_sites), 5000, 300);
  EXPECT_NEAR(static_cast<double>(equal_rows), 5000, 300);
}

// The tensor expressions of other devices draw the bits of the processor's loops.
TEST(Dropout, EnginesDrawEqualMasks) {
  const TokenRows rows = make_random_rows({300});
  for (const double p : {0.01, 0.1, 0.5, 0.9})
    for (const uint64_t site : {uint64_t{1}, uint64_t{7} << 10}) {
      const auto factors = [&](Implementation choice) {
        const ScopedImplementation scoped(choice);
        return engine().dropout_factors(rows.keys, 777, {p, site});
      };
      EXPECT_TRUE(factors(Implementation::kFused).equal(factors(Implementation::kReference))) << p;
    }
}

}  // namespace
}  // namespace retort::kernel::test
