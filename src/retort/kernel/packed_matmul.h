// Matmul by this library's micro-kernels (cpu/matmul_avx512.inl, cpu/matmul_portable.inl), after the scheme of BLIS: B
// is packed into panels first. docs/decisions/0017-own-products.md says on which processors they are faster than
// LibTorch. Each number of a result is one sum over K in one order, in one thread: it depends neither on the number of
// threads nor on M.
#pragma once

#include <ATen/core/Tensor.h>

namespace retort::kernel {

// Whether there are micro-kernels for this processor and for elements of this type.
bool has_packed_matmul(at::ScalarType type);
// Whether they take a [M, K] as it is stored: the AVX-512 kernel does not take bfloat16 rows of an odd number of
// elements.
bool packed_matmul_takes(const at::Tensor& a);

// `matmul` and `add_matmul` of matmul.h, for an `a` that packed_matmul_takes.
at::Tensor packed_matmul(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias);
void add_packed_matmul(const at::Tensor& total, const at::Tensor& a, const at::Tensor& b);

// weight [N, K] packed as the panels of B = weight^T, in a tensor whose first dimension is N.
at::Tensor pack_weight_panels(const at::Tensor& weight);
// x [M, K] times B as pack_weight_panels packed it, plus bias when it is defined -> [M, N].
at::Tensor matmul_with_panels(const at::Tensor& x, const at::Tensor& panels, const at::Tensor& bias);

}  // namespace retort::kernel
