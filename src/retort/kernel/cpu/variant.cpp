// One instruction set's table of loops. Compiled several times (see ../CMakeLists.txt) with RETORT_VARIANT set to the
// name and the flags that belong to it. No header with inline functions of external linkage may be included here: the
// linker could pick this file's AVX-512 copy of one for a processor without it.
#include "retort/kernel/cpu/table.h"
#include "retort/kernel/dropout.h"
#if RETORT_VECTOR_BYTES == 64
#include <immintrin.h>
#endif

#define RETORT_JOIN(a, b) a##b
#define RETORT_TABLE(name) RETORT_JOIN(table_, name)
#define RETORT_TEXT(x) #x
#define RETORT_NAME(x) RETORT_TEXT(x)

namespace retort::kernel::cpu {
namespace {
#include "retort/kernel/cpu/loops.inl"
//
#include "retort/kernel/cpu/gemm.inl"
//
#include "retort/kernel/cpu/attention.inl"
//
#include "retort/kernel/cpu/relation.inl"
//
#include "retort/kernel/cpu/product.inl"
//
#include "retort/kernel/cpu/float_product.inl"

template <typename T>
constexpr RowFunctions<T> make_row_functions() {
  return {add_norm_forward<T>,
          add_norm_backward<T>,
          bias_activation_forward<T>,
          bias_activation_backward<T>,
          column_sum<T>,
          embed_forward<T>,
          embed_backward<T>,
          softmax_loss<T>,
          cosine_loss<T>,
          attention_forward<T>,
          attention_backward<T>,
          relation_loss<T>,
          ProductForm::kNone,
          nullptr,
          nullptr};
}

template <typename T>
constexpr RowFunctions<T> with_products(ProductForm form) {
  RowFunctions<T> functions = make_row_functions<T>();
  functions.product_form = form;
  functions.pack_panels = pack_panels<T>;
  functions.multiply_panels = multiply_panels<T>;
  return functions;
}

// The library's bfloat16 products use the tiles, where there are some.
#if RETORT_VECTOR_BYTES < 64
constexpr RowFunctions<float> kFloatFunctions = with_products<float>(ProductForm::kFloats);
constexpr RowFunctions<Bf16> kBf16Functions = with_products<Bf16>(ProductForm::kFloats);
#else
constexpr RowFunctions<float> kFloatFunctions = with_products<float>(ProductForm::kWords);
#if defined(RETORT_HAS_BF16_DOT) && !defined(RETORT_HAS_AMX)
constexpr RowFunctions<Bf16> kBf16Functions = with_products<Bf16>(ProductForm::kWords);
#else
constexpr RowFunctions<Bf16> kBf16Functions = make_row_functions<Bf16>();
#endif
#endif
}  // namespace

#if defined(RETORT_HAS_AMX)
// One product through the tiles against plain sums: guards against a system that grants tiles but does not keep them.
bool tiles_work() {
  constexpr int64_t kRows = 32, kInner = 64, kColumns = 48;
  alignas(64) Bf16 a[kRows * kInner], b[kInner * kColumns];
  alignas(64) float c[kRows * kColumns];
  const auto value = [](int64_t i) { return static_cast<float>((i * 7) % 13 - 6); };
  for (int64_t i = 0; i < kRows * kInner; ++i) a[i] = from_float<Bf16>(value(i));
  for (int64_t k = 0; k < kInner; ++k)
    for (int64_t n = 0; n < kColumns; ++n)
      b[(k / 2) * kColumns * 2 + n * 2 + k % 2] = from_float<Bf16>(value(k * kColumns + n));
  {
    const TileScope tiles;
    multiply(kRows, kColumns, kInner, a, kInner, b, kColumns, c, kColumns, false);
    multiply(kRows, kColumns, kInner, a, kInner, b, kColumns, c, kColumns, true);
  }
  for (int64_t m = 0; m < kRows; ++m)
    for (int64_t n = 0; n < kColumns; ++n) {
      float sum = 0;
      for (int64_t k = 0; k < kInner; ++k) sum += value(m * kInner + k) * value(k * kColumns + n);
      if (c[m * kColumns + n] != 2 * sum) return false;  // small whole numbers: exact
    }
  return true;
}
#endif

extern const Table RETORT_TABLE(RETORT_VARIANT);
const Table RETORT_TABLE(RETORT_VARIANT) = {RETORT_NAME(RETORT_VARIANT),
                                            kFloatFunctions,
                                            kBf16Functions,
                                            adam_step,
                                            decay_step,
                                            lamb_update,
                                            lamb_apply,
                                            add_to,
                                            round_to_bf16,
                                            sum_of_squares};

}  // namespace retort::kernel::cpu
