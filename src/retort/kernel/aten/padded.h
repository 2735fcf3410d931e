// A ragged batch as a rectangle, for operations of LibTorch that know no ragged rows: B sequences of S places, where S
// is the longest. Everything is computed on the device.
#pragma once

#include "retort/kernel/token_rows.h"

namespace retort::kernel::aten {

class Padded {
 public:
  explicit Padded(const TokenRows& rows);

  // values [T, ...] -> [B, S, ...]; zero beyond the end of a sequence.
  at::Tensor pad(const at::Tensor& values) const;
  // The inverse: [B, S, ...] -> [T, ...].
  at::Tensor unpad(const at::Tensor& values) const;

  const at::Tensor& is_token() const { return is_token_; }  // [B, S] bool
  int64_t sequences() const { return is_token_.size(0); }
  int64_t places() const { return is_token_.size(1); }

 private:
  at::Tensor is_token_;
  at::Tensor rows_;    // [B*S] the row at each place, 0 beyond the end
  at::Tensor places_;  // [T] the place of each row
};

// The rectangle of the rows, made once for a batch.
const Padded& padded_of(const TokenRows& rows);

// Heads side by side in columns: [B, S, A*D] -> [B*A, S, D], and the inverse.
at::Tensor split_heads(const at::Tensor& columns, int64_t heads);
at::Tensor join_heads(const at::Tensor& split, int64_t sequences);

// a [N, R, K] times b [N, K, C] -> [N, R, C] float32 (float64 for float64). Operands of a narrow `type` are multiplied
// in it where the device has a product with a float32 result.
at::Tensor batched_product(const at::Tensor& a, const at::Tensor& b, at::ScalarType type);

// Whether the type is bfloat16 or half precision.
bool is_narrow(at::ScalarType type);
// Widens the narrow types to float32 for the computation; other types compute as they are.
at::Tensor widened(const at::Tensor& x);

}  // namespace retort::kernel::aten
