// Counter-based numbers: SplitMix64's published sequence, uniformity by chi-square, permutations and samples.
#include "retort/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "retort/base/python_random.h"

namespace retort {
namespace {

// Pearson's statistic of counts that should all be equal.
double chi_square(const std::vector<int64_t>& counts) {
  const double total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0;
  for (const int64_t count : counts)
    sum += (static_cast<double>(count) - expected) * (static_cast<double>(count) - expected) / expected;
  return sum;
}

// Mean +- 5 standard deviations of the chi-square distribution. The streams are fixed, so this never fails by chance.
void expect_uniform(const std::vector<int64_t>& counts) {
  const double freedom = static_cast<double>(counts.size()) - 1;
  EXPECT_LT(chi_square(counts), freedom + 5 * std::sqrt(2 * freedom));
  EXPECT_GT(chi_square(counts), freedom - 5 * std::sqrt(2 * freedom));
}

TEST(Random, Mix64IsSplitMix64) {
  // The first outputs for seed 1234567 (Vigna's splitmix64.c); its state grows by the golden ratio between them.
  EXPECT_EQ(mix64(1234567), 6457827717110365317u);
  EXPECT_EQ(mix64(1234567 + 0x9E3779B97F4A7C15u), 3203168211198807973u);
}

TEST(Random, KeysDependOnOrderAndNumberOfParts) {
  EXPECT_NE(make_key(1, 2, 3), make_key(1, 3, 2));
  EXPECT_NE(make_key(1, 2), make_key(1, 2, 0));
  EXPECT_NE(make_key(1), make_key(2));
}

TEST(Random, UnitIsUniformOverIndexAndOverKey) {
  std::vector<int64_t> by_index(256), by_key(256);
  for (uint64_t i = 0; i < 256 * 400; ++i) {
    const double a = random_unit(make_key(42), i), b = random_unit(make_key(42, i), 0);
    ASSERT_TRUE(a >= 0 && a < 1);
    ++by_index[static_cast<size_t>(a * 256)];
    ++by_key[static_cast<size_t>(b * 256)];
  }
  expect_uniform(by_index);
  expect_uniform(by_key);
}

TEST(Random, BelowStaysBelowAndIsUniform) {
  std::vector<int64_t> counts(7);
  for (uint64_t i = 0; i < 70000; ++i) {
    const uint64_t value = random_below(make_key(3), i, 7);
    ASSERT_LT(value, 7u);
    ++counts[value];
  }
  EXPECT_LT(chi_square(counts), 6 + 5 * std::sqrt(12.0));
  EXPECT_EQ(random_below(1, 2, 1), 0u);
}

TEST(Random, NormalHasTheMomentsOfANormal) {
  constexpr int kCount = 200000;
  double sum = 0, squares = 0, fourth = 0;
  for (uint64_t i = 0; i < kCount; ++i) {
    const double x = random_normal(make_key(5), i);
    ASSERT_TRUE(std::isfinite(x));
    sum += x, squares += x * x, fourth += x * x * x * x;
  }
  EXPECT_NEAR(sum / kCount, 0.0, 5 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1.0, 5 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(fourth / kCount, 3.0, 5 * std::sqrt(96.0 / kCount));
}

TEST(Random, NormalSharesNoBitsWithUniform) {
  constexpr int kCount = 100000;
  double product = 0;
  for (uint64_t i = 0; i < kCount; ++i) product += (random_unit(9, i) - 0.5) * random_normal(9, i);
  EXPECT_NEAR(product / kCount, 0.0, 5 * std::sqrt(1.0 / 12 / kCount));
}

TEST(Random, PermutationIsAPermutation) {
  for (const int64_t count : {0, 1, 2, 3, 1000}) {
    std::vector<int64_t> order = random_permutation(make_key(7), count), sorted(static_cast<size_t>(count));
    std::iota(sorted.begin(), sorted.end(), int64_t{0});
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, sorted);
  }
  EXPECT_TRUE(random_permutation(1, -3).empty());
  EXPECT_EQ(random_permutation(11, 50), random_permutation(11, 50));
  EXPECT_NE(random_permutation(11, 50), random_permutation(12, 50));
}

TEST(Random, AllPermutationsAreEquallyLikely) {
  std::vector<int64_t> counts(24);
  for (uint64_t key = 0; key < 24000; ++key) {
    const std::vector<int64_t> order = random_permutation(make_key(key), 4);
    int64_t rank = 0;
    for (size_t i = 0; i < 4; ++i)
      rank = rank * static_cast<int64_t>(4 - i) + std::count_if(order.begin() + static_cast<ptrdiff_t>(i), order.end(),
                                                                [&](int64_t later) { return later < order[i]; });
    ++counts[static_cast<size_t>(rank)];
  }
  expect_uniform(counts);
}

TEST(Random, SampleIsSortedDistinctAndInRange) {
  const std::vector<int64_t> sample = random_sample(make_key(13), 1000000, 5000);
  ASSERT_EQ(sample.size(), 5000u);
  EXPECT_TRUE(std::is_sorted(sample.begin(), sample.end()));
  EXPECT_EQ(std::adjacent_find(sample.begin(), sample.end()), sample.end());
  EXPECT_GE(sample.front(), 0);
  EXPECT_LT(sample.back(), 1000000);
}

TEST(Random, SampleAtItsLimits) {
  EXPECT_EQ(random_sample(1, 3, 3), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(random_sample(1, 3, 99), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_TRUE(random_sample(1, 3, 0).empty());
  EXPECT_TRUE(random_sample(1, 3, -1).empty());
  EXPECT_TRUE(random_sample(1, 0, 5).empty());
}

TEST(Random, SampleTakesEachElementEquallyOften) {
  std::vector<int64_t> counts(20);
  for (uint64_t key = 0; key < 20000; ++key)
    for (const int64_t element : random_sample(make_key(key, 1), 20, 5)) ++counts[static_cast<size_t>(element)];
  // Drawing without putting back makes counts more even than chi-square says, never less.
  EXPECT_LT(chi_square(counts), 19 + 5 * std::sqrt(38.0));
}

// CPython 3.11: random.seed(S), then random.sample(range(N), K), random.randrange(N), random.getrandbits(32).
TEST(PythonRandom, GivesPythonsNumbers) {
  using Numbers = std::vector<int64_t>;
  const auto sorted = [](Numbers numbers) {
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  };
  PythonRandom first(42);
  EXPECT_EQ(sorted(first.sample(12, 4)), (Numbers{0, 1, 4, 10}));
  EXPECT_EQ(sorted(first.sample(12, 4)), (Numbers{1, 2, 3, 11}));
  EXPECT_EQ(sorted(first.sample(12, 4)), (Numbers{1, 6, 8, 10}));
  EXPECT_EQ(first.sample(1000, 7), (Numbers{32, 30, 95, 223, 238, 517, 616}));
  EXPECT_EQ(first.bits(32), 113971123U);
  PythonRandom second(0);
  EXPECT_EQ(second.sample(12, 12), (Numbers{6, 11, 0, 4, 7, 3, 2, 10, 5, 8, 9, 1}));
  EXPECT_EQ(second.sample(12, 1), Numbers{4});
  PythonRandom third((uint64_t{1} << 40) + 5);
  EXPECT_EQ(third.sample(30, 6), (Numbers{16, 29, 8, 21, 0, 28}));
  EXPECT_EQ(third.sample(100, 6), (Numbers{97, 5, 21, 10, 17, 30}));
  EXPECT_EQ(third.below(1000000), 973909U);
}

}  // namespace
}  // namespace retort
