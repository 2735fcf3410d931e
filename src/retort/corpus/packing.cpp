#include "retort/corpus/packing.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/corpus/nonnegative_squares.h"

namespace retort::corpus {
namespace {

constexpr int kRounds = 20;             // of solving for what is left
constexpr int64_t kFewInstances = 100;  // that are put together one by one
constexpr int32_t kShortLengths = 8;    // whose residuals weigh less: short instances are added easily
constexpr uint64_t kRowStream = 0x726F77;

// All multisets of at most `most` lengths that add up to `row_length`, each in increasing order.
void list_strategies(int32_t row_length, int64_t most, std::vector<int32_t>& begun, std::vector<PackStrategy>& all) {
  const int32_t least = begun.empty() ? 1 : begun.back();
  for (int32_t length = least; 2 * length <= row_length && most > 1; ++length) {
    begun.push_back(length);
    list_strategies(row_length - length, most - 1, begun, all);
    begun.pop_back();
  }
  if (row_length < least) return;
  begun.push_back(row_length);
  all.push_back({begun, 0});
  begun.pop_back();
}

// Finds how often each strategy is used.
class Packer {
 public:
  Packer(std::span<const int64_t> histogram, int64_t most)
      : row_length_(static_cast<int32_t>(histogram.size()) - 1),
        left_(histogram.begin(), histogram.end()),
        most_(most) {
    std::vector<int32_t> begun;
    list_strategies(row_length_, most_, begun, strategies_);
    for (const PackStrategy& strategy : strategies_) columns_.push_back(column_of(strategy));
  }

  std::vector<PackStrategy> run() {
    for (int round = 0; round < kRounds && left_count() >= kFewInstances; ++round)
      if (!use_solution()) break;
    std::erase_if(strategies_, [](const PackStrategy& strategy) { return strategy.row_count == 0; });
    put_together_the_rest();
    return std::move(strategies_);
  }

 private:
  int64_t left_count() const { return std::accumulate(left_.begin(), left_.end(), int64_t{0}); }

  double weight_of(int32_t length) const {
    return length <= kShortLengths ? std::sqrt(kShortLengths / (2.0 * row_length_)) : 1.0;
  }

  SparseColumn column_of(const PackStrategy& strategy) const {
    std::map<int32_t, double> entries;
    for (const int32_t length : strategy.lengths) entries[length - 1] += weight_of(length);
    return {entries.begin(), entries.end()};
  }

  // Uses the strategies that the least squares of what is left give, rounded; false when none has a whole row.
  bool use_solution() {
    std::vector<double> wanted;
    for (int32_t length = 1; length <= row_length_; ++length)
      wanted.push_back(weight_of(length) * static_cast<double>(left_[length]));
    const std::vector<double> solution = solve_nonnegative_squares(columns_, wanted);
    bool is_used = false;
    for (size_t i = 0; i < strategies_.size(); ++i) {
      const auto rows = static_cast<int64_t>(solution[i] < 2 ? std::nearbyint(solution[i]) : std::floor(solution[i]));
      if (rows == 0) continue;
      is_used = true;
      strategies_[i].row_count += rows;
      // A place without an instance is padding.
      for (const int32_t length : strategies_[i].lengths) left_[length] = std::max<int64_t>(left_[length] - rows, 0);
    }
    return is_used;
  }

  // The longest that is left first, each time with the longest that fit beside it.
  void put_together_the_rest() {
    for (int32_t longest = row_length_; longest > 0; --longest) {
      while (left_[longest] > 0) {
        PackStrategy strategy{{}, 1};
        int32_t room = row_length_;
        for (int32_t length = longest; length > 0 && static_cast<int64_t>(strategy.lengths.size()) < most_;) {
          if (length > room || left_[length] == 0) {
            --length;
            continue;
          }
          strategy.lengths.push_back(length);
          room -= length;
          --left_[length];
        }
        strategies_.push_back(std::move(strategy));
      }
    }
  }

  int32_t row_length_;
  std::vector<int64_t> left_;  // [S + 1] instances of each length without a place
  int64_t most_;
  std::vector<PackStrategy> strategies_;
  std::vector<SparseColumn> columns_;
};

}  // namespace

std::vector<PackStrategy> plan_packing(std::span<const int64_t> histogram, int64_t max_sequences_per_pack) {
  return Packer(histogram, max_sequences_per_pack).run();
}

std::vector<std::vector<int64_t>> pack_rows(std::span<const int32_t> lengths, int64_t row_length,
                                            int64_t max_sequences_per_pack, uint64_t key) {
  std::vector<std::vector<int64_t>> by_length(static_cast<size_t>(row_length) + 1);
  std::vector<int64_t> histogram(static_cast<size_t>(row_length) + 1, 0);
  for (size_t i = 0; i < lengths.size(); ++i) {
    RETORT_CHECK(lengths[i] > 0 && lengths[i] <= row_length, "{} tokens in a row of {}", lengths[i], row_length);
    ++histogram[lengths[i]];
    by_length[lengths[i]].push_back(static_cast<int64_t>(i));
  }
  std::vector<std::vector<int64_t>> rows;
  for (const PackStrategy& strategy : plan_packing(histogram, max_sequences_per_pack)) {
    for (int64_t i = 0; i < strategy.row_count; ++i) {
      std::vector<int64_t> row;
      for (const int32_t length : strategy.lengths) {
        if (by_length[length].empty()) continue;
        row.push_back(by_length[length].back());
        by_length[length].pop_back();
      }
      if (!row.empty()) rows.push_back(std::move(row));
    }
  }
  std::vector<std::vector<int64_t>> shuffled;
  for (const int64_t row : random_permutation(make_key(key, kRowStream), static_cast<int64_t>(rows.size())))
    shuffled.push_back(std::move(rows[row]));
  return shuffled;
}

void PackingTotals::add(const PackingTotals& other) {
  rows += other.rows;
  sequences += other.sequences;
  tokens += other.tokens;
  row_length = other.row_length;
}

Json PackingTotals::to_json() const {
  const auto ratio = [](int64_t part, int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  return {{"avg_seq_per_sample", ratio(sequences, rows)},
          {"new_number_of_samples", rows},
          {"original_number_of_samples", sequences},
          {"sequences_dropped", 0},
          {"compression_ratio", 1 - ratio(rows, sequences)},
          {"expected_speedup", ratio(sequences, rows)},
          {"theoretical_speedup", ratio(sequences * row_length, tokens)},
          {"padding_tokens_original_dataset", sequences * row_length - tokens},
          {"padding_tokens_packed_dataset", rows * row_length - tokens},
          {"packing_efficiency", ratio(tokens, rows * row_length)}};
}

}  // namespace retort::corpus
