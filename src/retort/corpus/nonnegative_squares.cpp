#include "retort/corpus/nonnegative_squares.h"

#include <algorithm>
#include <cmath>

namespace retort::corpus {
namespace {

double dot(const SparseColumn& column, std::span<const double> dense) {
  double sum = 0;
  for (const auto& [row, value] : column) sum += value * dense[row];
  return sum;
}

double dot(const SparseColumn& a, const SparseColumn& b) {
  double sum = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].first == b[j].first) sum += a[i].second * b[j].second;
    const bool next_a = a[i].first <= b[j].first, next_b = b[j].first <= a[i].first;
    i += next_a, j += next_b;
  }
  return sum;
}

// The columns that may be above 0, with the Cholesky factor R of their normal equations: A'A = R'R.
class PassiveSet {
 public:
  PassiveSet(std::span<const SparseColumn> columns, std::span<const double> b) : columns_(columns), b_(b) {}

  const std::vector<int32_t>& chosen() const { return chosen_; }

  // False when the column depends on the chosen ones.
  bool maybe_add(int32_t column) {
    constexpr double kLeastShare = 1e-10;  // of the column's square that is new
    std::vector<double> products;
    for (const int32_t other : chosen_) products.push_back(dot(columns_[other], columns_[column]));
    solve_transposed(products);
    const double square = dot(columns_[column], columns_[column]);
    double rest = square;
    for (const double product : products) rest -= product * product;
    if (rest <= kLeastShare * square) return false;
    products.push_back(std::sqrt(rest));
    factor_.push_back(std::move(products));
    chosen_.push_back(column);
    right_.push_back(dot(columns_[column], b_));
    return true;
  }

  // Takes the column at place `at` out; rotations make the factor triangular again.
  void remove(size_t at) {
    factor_.erase(factor_.begin() + static_cast<std::ptrdiff_t>(at));
    chosen_.erase(chosen_.begin() + static_cast<std::ptrdiff_t>(at));
    right_.erase(right_.begin() + static_cast<std::ptrdiff_t>(at));
    for (size_t row = at; row < factor_.size(); ++row) {
      const double x = factor_[row][row], y = factor_[row][row + 1], length = std::hypot(x, y);
      const double c = x / length, s = y / length;
      for (size_t column = row; column < factor_.size(); ++column) {
        double &upper = factor_[column][row], &lower = factor_[column][row + 1];
        const double turned = c * upper + s * lower;
        lower = c * lower - s * upper;
        upper = turned;
      }
      factor_[row].resize(row + 1);
    }
  }

  // The least squares of the chosen columns alone.
  std::vector<double> solve() const {
    std::vector<double> x = right_;
    solve_transposed(x);
    for (size_t i = x.size(); i-- > 0;) {
      x[i] /= factor_[i][i];
      for (size_t row = 0; row < i; ++row) x[row] -= factor_[i][row] * x[i];
    }
    return x;
  }

 private:
  // R' x = values, in place.
  void solve_transposed(std::vector<double>& values) const {
    for (size_t i = 0; i < values.size(); ++i) {
      const std::vector<double>& column = factor_[i];
      double sum = values[i];
      for (size_t row = 0; row < i; ++row) sum -= column[row] * values[row];
      values[i] = sum / column[i];
    }
  }

  std::span<const SparseColumn> columns_;
  std::span<const double> b_;
  std::vector<int32_t> chosen_;
  std::vector<std::vector<double>> factor_;  // the columns of R, each down to the diagonal
  std::vector<double> right_;                // A'b of the chosen
};

// The solver's state: x of the chosen columns, 0 elsewhere.
class Solver {
 public:
  Solver(std::span<const SparseColumn> columns, std::span<const double> b)
      : columns_(columns), b_(b), passive_(columns, b), x_(columns.size(), 0), is_out_(columns.size(), 0) {
    double greatest = 0;
    for (const double value : b) greatest = std::max(greatest, std::abs(value));
    tolerance_ = 1e-10 * std::max(greatest, 1.0);
  }

  std::vector<double> run() {
    const size_t most_rounds = 10 * columns_.size() + 100;
    for (size_t round = 0; round < most_rounds; ++round) {
      const int32_t column = steepest();
      if (column < 0) break;
      if (!passive_.maybe_add(column)) {
        is_out_[column] = 1;
        continue;
      }
      is_out_[column] = 1;
      make_feasible();
    }
    return x_;
  }

 private:
  // The column whose growth makes the residual smaller fastest; -1 when none does.
  int32_t steepest() const {
    std::vector<double> residual(b_.begin(), b_.end());
    for (const int32_t column : passive_.chosen())
      for (const auto& [row, value] : columns_[column]) residual[row] -= value * x_[column];
    int32_t best = -1;
    double most = tolerance_;
    for (size_t column = 0; column < columns_.size(); ++column) {
      if (is_out_[column]) continue;
      if (const double gain = dot(columns_[column], residual); gain > most)
        most = gain, best = static_cast<int32_t>(column);
    }
    return best;
  }

  // Moves from x toward the least squares of the chosen columns, dropping those that would be negative.
  void make_feasible() {
    for (;;) {
      const std::vector<double> aim = passive_.solve();
      const std::vector<int32_t> chosen = passive_.chosen();
      double step = 1;
      for (size_t i = 0; i < aim.size(); ++i)
        if (aim[i] <= tolerance_)
          step = std::min(step, std::max(x_[chosen[i]], 0.0) / (x_[chosen[i]] - aim[i] + 1e-300));
      for (size_t i = 0; i < aim.size(); ++i) x_[chosen[i]] += step * (aim[i] - x_[chosen[i]]);
      bool is_whole = true;
      for (size_t i = aim.size(); i-- > 0;) {
        if (aim[i] > tolerance_ || x_[chosen[i]] > tolerance_) continue;
        x_[chosen[i]] = 0;
        passive_.remove(i);
        is_whole = false;
      }
      if (is_whole) return;
      // What depended on the dropped columns may be chosen again.
      std::fill(is_out_.begin(), is_out_.end(), 0);
      for (const int32_t column : passive_.chosen()) is_out_[column] = 1;
    }
  }

  std::span<const SparseColumn> columns_;
  std::span<const double> b_;
  PassiveSet passive_;
  std::vector<double> x_;
  std::vector<char> is_out_;  // chosen, or dependent on the chosen
  double tolerance_;
};

}  // namespace

std::vector<double> solve_nonnegative_squares(std::span<const SparseColumn> columns, std::span<const double> b) {
  return Solver(columns, b).run();
}

}  // namespace retort::corpus
