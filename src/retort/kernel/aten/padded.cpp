#include "retort/kernel/aten/padded.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

namespace retort::kernel::aten {

Padded::Padded(const TokenRows& rows) {
  const int64_t S = rows.longest(), B = rows.sequences();
  const at::Tensor first = rows.bounds.narrow(0, 0, B), end = rows.bounds.narrow(0, 1, B),
                   row = first.unsqueeze(1) + at::arange(S, rows.bounds.options());  // [B, S]
  is_token_ = row.lt(end.unsqueeze(1));
  rows_ = at::where(is_token_, row, at::zeros_like(row)).reshape({B * S});
  const at::Tensor token = at::arange(rows.tokens(), rows.bounds.options()),
                   sequence = at::searchsorted(end.contiguous(), token, /*out_int32=*/false, /*right=*/true);
  places_ = sequence * S + token - at::index_select(first, 0, sequence);
}

const Padded& padded_of(const TokenRows& rows) {
  std::shared_ptr<const Padded>& made = *rows.padded;
  if (!made) made = std::make_shared<const Padded>(rows);
  return *made;
}

at::Tensor Padded::pad(const at::Tensor& values) const {
  std::vector<int64_t> shape{sequences(), places()}, mask_shape = shape;
  for (int64_t d = 1; d < values.dim(); ++d) shape.push_back(values.size(d)), mask_shape.push_back(1);
  return at::index_select(values, 0, rows_).view(shape).masked_fill(is_token_.logical_not().view(mask_shape), 0);
}

at::Tensor Padded::unpad(const at::Tensor& values) const {
  std::vector<int64_t> shape{sequences() * places()};
  for (int64_t d = 2; d < values.dim(); ++d) shape.push_back(values.size(d));
  return at::index_select(values.reshape(shape), 0, places_);
}

at::Tensor split_heads(const at::Tensor& columns, int64_t heads) {
  const int64_t B = columns.size(0), S = columns.size(1), D = columns.size(2) / heads;
  return columns.reshape({B, S, heads, D}).transpose(1, 2).reshape({B * heads, S, D});
}

at::Tensor join_heads(const at::Tensor& split, int64_t sequences) {
  const int64_t heads = split.size(0) / sequences, S = split.size(1), D = split.size(2);
  return split.view({sequences, heads, S, D}).transpose(1, 2).reshape({sequences, S, heads * D});
}

at::Tensor batched_product(const at::Tensor& a, const at::Tensor& b, at::ScalarType type) {
  if (is_narrow(type) && a.is_cuda()) return at::bmm(a.to(type), b.to(type), at::kFloat);
  return at::bmm(widened(a), widened(b));
}

bool is_narrow(at::ScalarType type) { return type == at::kBFloat16 || type == at::kHalf; }

at::Tensor widened(const at::Tensor& x) { return is_narrow(x.scalar_type()) ? x.to(at::kFloat) : x; }

}  // namespace retort::kernel::aten
