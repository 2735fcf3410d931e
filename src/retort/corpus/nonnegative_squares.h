// Least squares with coefficients that are not negative, by the active-set method of Lawson and Hanson (1974, chapter
// 23; scipy.optimize.nnls), for matrices whose columns have few entries.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace retort::corpus {

// A column: the rows of its entries, increasing, and their values.
using SparseColumn = std::vector<std::pair<int32_t, double>>;

// Returns x >= 0 that makes |A x - b| least, where A has these columns and b.size() rows. Where several do, one of
// them, the same on every call. At most b.size() of its entries are above 0.
std::vector<double> solve_nonnegative_squares(std::span<const SparseColumn> columns, std::span<const double> b);

}  // namespace retort::corpus
