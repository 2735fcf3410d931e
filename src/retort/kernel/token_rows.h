// A ragged batch as the operations take it, one row for each token: index tensors on the device, sequence bounds on the
// host, and the dropout key of each token. All that a batch brings to the device goes there in one copy.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <vector>

#include "retort/kernel/ragged.h"

namespace retort::kernel {

namespace aten {
class Padded;
}

// A list of a batch: labels, positions, rows of a tensor.
struct IndexList {
  IndexList() = default;
  // The list must outlive what is computed from it.
  IndexList(std::span<const int32_t> values) : host(values) {}     // NOLINT(google-explicit-constructor)
  IndexList(const std::vector<int32_t>& values) : host(values) {}  // NOLINT(google-explicit-constructor)
  IndexList(std::span<const int32_t> values, at::Tensor there) : host(values), on_device(std::move(there)) {}

  std::span<const int32_t> host;
  at::Tensor on_device;  // [N] int64; undefined where it was not sent along with the batch

  bool empty() const { return host.empty(); }
  int64_t size() const { return static_cast<int64_t>(host.size()); }
  // [N] int64 on the device of the process: the copy that is there, or a new one.
  at::Tensor tensor() const;
  // The same as float32 numbers, of a list that `bits_of` made.
  at::Tensor float_tensor() const;
};

// The bits of float32 numbers as a list.
std::vector<int32_t> bits_of(std::span<const float> values);

// The smallest and the largest number of a list.
struct ValueRange {
  int64_t low = 0, high = 0;
};

struct TokenRows {
  at::Tensor ids, segments, positions;  // [T] int64
  at::Tensor keys;                      // [T] int64; undefined where no operation drops elements
  std::vector<int32_t> starts{0};       // [B+1]
  at::Tensor bounds, first_rows;        // [B+1], [B] int64: `starts`, and the row of each sequence's first token
  std::vector<IndexList> lists;         // those given to make_token_rows
  ValueRange id_range, segment_range, position_range;
  int64_t longest_bound = 0;  // 0: none is set
  // The batch as a rectangle, which tensor expressions make when they first need it (aten::padded_of); copies of the
  // rows share it.
  std::shared_ptr<std::shared_ptr<const aten::Padded>> padded = std::make_shared<std::shared_ptr<const aten::Padded>>();

  int64_t tokens() const { return starts.back(); }
  int64_t sequences() const { return static_cast<int64_t>(starts.size()) - 1; }
  int64_t longest() const;  // tokens of the longest sequence, or an upper bound of them; 0 when there is none
};

// The numbers of a batch that fix the shapes of its tensors.
struct RowShape {
  int64_t tokens = 0, sequences = 0;
  bool has_keys = false;
  std::vector<int64_t> list_sizes;
};

// Device memory for batches of one shape, which take each other's place there: a recorded graph runs on it again.
class TokenRowBuffer {
 public:
  explicit TokenRowBuffer(const RowShape& shape);

  // The rows of the batch that was sent last. Its tensors keep their addresses; `starts` and the host lists change.
  const TokenRows& rows() const { return rows_; }
  // Sends a batch of this shape in one copy. `lists` must outlive the rows. Sequences without tokens, which may stand
  // at the end, have the last row as their first.
  void send(const Ragged& batch, std::span<const uint64_t> sequence_keys,
            const std::vector<std::span<const int32_t>>& lists);
  // An upper bound of the sequences' lengths in all batches, for operations whose shapes depend on it.
  void set_longest_bound(int64_t bound) { rows_.longest_bound = bound; }

 private:
  RowShape shape_;
  at::Tensor there_;  // int64 on the device
  TokenRows rows_;
};

// Makes the tensors of `batch` on the device of the process. `sequence_keys` ([B] or empty) tell the sequences of a
// step apart: the dropout of a sequence depends on its key and not on the other sequences of the batch. `lists` are
// sent along; they must outlive the result.
TokenRows make_token_rows(const Ragged& batch, std::span<const uint64_t> sequence_keys = {},
                          const std::vector<std::span<const int32_t>>& lists = {});

// Rows that know only their bounds, for losses.
TokenRows make_bounds(std::vector<int32_t> starts);

}  // namespace retort::kernel
