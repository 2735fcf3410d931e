// Matrix products of whole tensors: by our own loops where they are the fastest (panel_product.h), else by the fastest
// routine that LibTorch holds for this processor.
#pragma once

#include <ATen/core/Tensor.h>

namespace retort::kernel {

// a [M, K] times b [K, N], plus bias [N] in every row when it is defined -> [M, N] in their element type (float32, or
// bfloat16 summed in float32). a and b may be transposed views.
at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {});

// total [M, N] float32 += a [M, K] times b [K, N]; LibTorch rounds a bfloat16 product before it is added.
void add_product(const at::Tensor& total, const at::Tensor& a, const at::Tensor& b);

// weight [N, K] in the arrangement that products with it run fastest in; undefined where it has none. It
// copies the numbers, so it pays where a weight does not change.
at::Tensor pack_weight(const at::Tensor& weight);
// x [M, K] times the transpose of what was packed, plus bias -> [M, N].
at::Tensor packed_product(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias);

// From now on a float32 product gives the same bits for any number of threads. Our own loops always do; LibTorch's are
// cut into blocks that depend on the shapes alone, each computed by one thread, which costs some percent of speed.
void set_deterministic_products(bool wanted);
bool deterministic_products();

}  // namespace retort::kernel
