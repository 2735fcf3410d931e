// Which instances share a row of a fixed length, so that little of it is padding: the strategies of Krell et al. 2021
// ("Efficient Sequence Packing without Cross-contamination", non-negative least squares histogram packing), as in the
// published pack_pretraining_data_pytorch.py. A strategy is a multiset of at most K lengths that add up to a row; how
// often each is used is the solution of a weighted least-squares problem over the histogram of lengths.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "retort/base/json.h"

namespace retort::corpus {

struct PackStrategy {
  std::vector<int32_t> lengths;  // of at most K instances, together at most a row
  int64_t row_count = 0;
};

// `histogram` [S + 1] says how many instances have each length. The strategies have at least as many places for a
// length as there are instances of it; places without an instance stay empty.
std::vector<PackStrategy> plan_packing(std::span<const int64_t> histogram, int64_t max_sequences_per_pack);

// The rows of a file: of each the numbers of its instances, in the order of their places, none of them empty. `lengths`
// are those of the instances, each at most `row_length`; each instance is in one row. The order of the rows is drawn
// from `key`.
std::vector<std::vector<int64_t>> pack_rows(std::span<const int32_t> lengths, int64_t row_length,
                                            int64_t max_sequences_per_pack, uint64_t key);

// Sums over the rows of files.
struct PackingTotals {
  int64_t rows = 0, sequences = 0, tokens = 0, row_length = 0;

  void add(const PackingTotals& other);
  // What the published program writes beside the packed files: {"avg_seq_per_sample", "new_number_of_samples",
  // "original_number_of_samples", "compression_ratio", "expected_speedup", "theoretical_speedup",
  // "padding_tokens_original_dataset", "padding_tokens_packed_dataset", "packing_efficiency", "sequences_dropped"}.
  Json to_json() const;
};

}  // namespace retort::corpus
