// Which instances share a row: least squares as scipy solves them, rows as few as those of the published method.
#include "retort/corpus/packing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "retort/corpus/nonnegative_squares.h"
#include "unit/corpus/corpus_testing.h"

namespace retort::corpus {
namespace {

double residual_norm(const std::vector<SparseColumn>& columns, std::vector<double> b, const std::vector<double>& x) {
  for (size_t column = 0; column < columns.size(); ++column)
    for (const auto& [row, value] : columns[column]) b[row] -= value * x[column];
  return std::sqrt(std::inner_product(b.begin(), b.end(), b.begin(), 0.0));
}

// The weighted problem of A6b's method, as tools/fixtures/reference/instance_packing.py sets it up.
struct Problem {
  std::vector<SparseColumn> columns;
  std::vector<double> b;

  Problem(const std::vector<int64_t>& histogram, int64_t most) {
    const auto S = static_cast<int32_t>(histogram.size()) - 1;
    const auto weight = [&](int32_t length) { return length <= 8 ? std::sqrt(8 / (2.0 * S)) : 1.0; };
    for (int32_t length = 1; length <= S; ++length)
      b.push_back(weight(length) * static_cast<double>(histogram[length]));
    const auto add = [&](std::vector<int32_t> lengths) {
      SparseColumn column;
      for (const int32_t length : lengths) {
        if (!column.empty() && column.back().first == length - 1)
          column.back().second += weight(length);
        else
          column.push_back({length - 1, weight(length)});
      }
      columns.push_back(std::move(column));
    };
    add({S});
    for (int32_t x = 1; 2 * x <= S; ++x) add({x, S - x});
    for (int32_t x = 1; most == 3 && 3 * x <= S; ++x)
      for (int32_t y = x; y <= (S - x) / 2; ++y) add({x, y, S - x - y});
  }
};

std::vector<int64_t> histogram_of(const Json& fixture) {
  std::vector<int64_t> histogram{0};  // no instance has length 0
  for (const Json& count : fixture["histogram"]) histogram.push_back(count);
  return histogram;
}

TEST(NonnegativeSquares, SolvesByHand) {
  // x + y = 3, y = -1: y cannot be below 0, so x = 3 and the residual is 1.
  const std::vector<SparseColumn> columns{{{0, 1.0}}, {{0, 1.0}, {1, 1.0}}};
  const std::vector<double> x = solve_nonnegative_squares(columns, std::vector<double>{3, -1});
  EXPECT_NEAR(x[0], 3, 1e-9);
  EXPECT_EQ(x[1], 0);
  const std::vector<double> y = solve_nonnegative_squares(columns, std::vector<double>{3, 1});
  EXPECT_NEAR(y[0], 2, 1e-9);
  EXPECT_NEAR(y[1], 1, 1e-9);
  EXPECT_EQ(solve_nonnegative_squares(columns, std::vector<double>{0, 0}), (std::vector<double>{0, 0}));
}

TEST(NonnegativeSquares, HasTheResidualOfScipy) {
  for (const Json& fixture : read_fixture("pairs.json")["packings"]) {
    const Problem problem(histogram_of(fixture), fixture["max_sequences_per_pack"]);
    const std::vector<double> x = solve_nonnegative_squares(problem.columns, problem.b);
    EXPECT_GE(*std::min_element(x.begin(), x.end()), 0);
    const double total = std::sqrt(std::inner_product(problem.b.begin(), problem.b.end(), problem.b.begin(), 0.0));
    EXPECT_NEAR(residual_norm(problem.columns, problem.b, x), fixture["residual_norm"].get<double>(), 1e-6 * total);
  }
}

TEST(Packing, NeedsAsFewRowsAsThePublishedMethod) {
  for (const Json& fixture : read_fixture("pairs.json")["packings"]) {
    const std::vector<int64_t> histogram = histogram_of(fixture);
    const int64_t most = fixture["max_sequences_per_pack"];
    std::vector<int64_t> places(histogram.size(), 0);
    int64_t rows = 0;
    for (const PackStrategy& strategy : plan_packing(histogram, most)) {
      ASSERT_LE(static_cast<int64_t>(strategy.lengths.size()), most);
      ASSERT_LT(std::accumulate(strategy.lengths.begin(), strategy.lengths.end(), size_t{0}), histogram.size());
      for (const int32_t length : strategy.lengths) places[length] += strategy.row_count;
      rows += strategy.row_count;
    }
    for (size_t length = 0; length < histogram.size(); ++length) EXPECT_GE(places[length], histogram[length]) << length;
    EXPECT_LE(rows, fixture["rows"].get<int64_t>()) << most;
  }
}

TEST(Packing, PutsEachInstanceIntoOneRow) {
  std::vector<int32_t> lengths;
  for (int32_t i = 0; i < 5000; ++i) lengths.push_back(i % 3 == 0 ? 64 : 5 + i * 37 % 59);
  const auto rows = pack_rows(lengths, 64, 3, 7);
  std::vector<int> seen(lengths.size(), 0);
  for (const std::vector<int64_t>& row : rows) {
    ASSERT_FALSE(row.empty());
    ASSERT_LE(row.size(), 3u);
    int32_t tokens = 0;
    for (const int64_t instance : row) ++seen[instance], tokens += lengths[instance];
    ASSERT_LE(tokens, 64);
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 5000);
  EXPECT_EQ(pack_rows(lengths, 64, 3, 7), rows);
  EXPECT_NE(pack_rows(lengths, 64, 3, 8), rows);
  // Little is padding: the tokens of all rows but 1 %.
  const int64_t tokens = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
  EXPECT_LT(static_cast<double>(rows.size()) * 64, 1.01 * static_cast<double>(tokens));
  EXPECT_TRUE(pack_rows({}, 64, 3, 7).empty());
}

TEST(Packing, TotalsAreThoseOfThePublishedFile) {
  PackingTotals totals{.rows = 10, .sequences = 15, .tokens = 900, .row_length = 100};
  totals.add({.rows = 10, .sequences = 15, .tokens = 1000, .row_length = 100});
  const Json json = totals.to_json();
  EXPECT_EQ(json["avg_seq_per_sample"], 1.5);
  EXPECT_EQ(json["packing_efficiency"], 0.95);
  EXPECT_EQ(json["padding_tokens_packed_dataset"], 100);
  EXPECT_EQ(json["padding_tokens_original_dataset"], 1100);
  EXPECT_EQ(json["original_number_of_samples"], 30);
}

}  // namespace
}  // namespace retort::corpus
