// Matmul of whole tensors: by this library's micro-kernels where they are the fastest (packed_matmul.h), else by the
// fastest routine that LibTorch has for this processor.
#pragma once

#include <ATen/core/Tensor.h>

namespace retort::kernel {

// a [M, K] times b [K, N], plus bias [N] in every row when it is defined -> [M, N] in their element type (float32, or
// bfloat16 summed in float32). a and b may be transposed views.
at::Tensor matmul(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {});

// total [M, N] float32 += a [M, K] times b [K, N]; LibTorch rounds a bfloat16 product before it is added.
void add_matmul(const at::Tensor& total, const at::Tensor& a, const at::Tensor& b);

// weight [N, K] in the layout that matmul is fastest with; undefined where there is none. Packing copies the weight, so
// it pays where the weight does not change.
at::Tensor pack_weight(const at::Tensor& weight);
// x [M, K] times the transpose of the weight that was packed, plus bias -> [M, N].
at::Tensor matmul_with_packed_weight(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias);

// With `wanted`, a float32 matmul gives the same bits for any number of threads from now on. This library's
// micro-kernels always do. LibTorch's matmul is then cut into blocks that depend only on the shapes, each computed by
// one thread, which costs some percent of speed.
void set_deterministic_matmul(bool wanted);
bool is_matmul_deterministic();

}  // namespace retort::kernel
