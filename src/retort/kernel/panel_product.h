// Matrix products by this library's own loops (cpu/product.inl in AVX-512, cpu/float_product.inl without), for
// processors where they are faster than those of LibTorch: see docs/decisions/0017-own-products.md. Each number of a
// result is one sum in the order of the inner dimension, in one thread: it depends neither on the number of threads nor
// on how many rows there are.
#pragma once

#include <ATen/core/Tensor.h>

namespace retort::kernel {

// Whether there are loops for this processor and for elements of this type.
bool has_panel_product(at::ScalarType type);
// Whether they can take a [M, K], as it lies in memory: in AVX-512 bfloat16 rows of an odd number of
// elements they cannot.
bool panel_product_takes(const at::Tensor& a);

// The functions of product.h, for what panel_product_takes.
at::Tensor panel_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias);
void add_panel_product(const at::Tensor& total, const at::Tensor& a, const at::Tensor& b);

// weight [N, K] as panels, in a tensor whose first dimension is N.
at::Tensor pack_panels(const at::Tensor& weight);
at::Tensor product_with_panels(const at::Tensor& x, const at::Tensor& panels, const at::Tensor& bias);

}  // namespace retort::kernel
