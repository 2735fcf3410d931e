// The table of kernels of one instruction set (ISA). CMake compiles this file several times (see ../CMakeLists.txt),
// each time with that instruction set's flags and with RETORT_ISA set to its name. It must not include a header with
// inline functions of external linkage: the linker could take this file's AVX-512 copy of one for a processor without
// AVX-512.
#include "retort/kernel/cpu/isa_kernels.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/dropout_mask.h"
#if RETORT_VECTOR_BYTES == 64
#include <immintrin.h>
#endif

#define RETORT_JOIN(a, b) a##b
#define RETORT_TABLE(name) RETORT_JOIN(table_, name)
#define RETORT_TEXT(x) #x
#define RETORT_NAME(x) RETORT_TEXT(x)

namespace retort::kernel::cpu {
namespace {
#include "retort/kernel/cpu/bf16.inl"
//
#include "retort/kernel/cpu/elementary_functions.inl"
//
#include "retort/kernel/cpu/layer_norm.inl"
//
#include "retort/kernel/cpu/add_norm.inl"
//
#include "retort/kernel/cpu/activation.inl"
//
#include "retort/kernel/cpu/embedding.inl"
//
#include "retort/kernel/cpu/softmax_loss.inl"
//
#include "retort/kernel/cpu/cosine_loss.inl"
//
#include "retort/kernel/cpu/optimizer_step.inl"
//
#include "retort/kernel/cpu/reduction.inl"
//
#include "retort/kernel/cpu/attention_gemm.inl"
//
#include "retort/kernel/cpu/attention_gemm_amx.inl"
//
#include "retort/kernel/cpu/attention_packing.inl"
//
#include "retort/kernel/cpu/attention.inl"
//
#include "retort/kernel/cpu/relation_loss.inl"
//
#include "retort/kernel/cpu/matmul_avx512.inl"
//
#include "retort/kernel/cpu/matmul_portable.inl"

template <typename T>
constexpr Kernels<T> make_kernels() {
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
          PackedFormat::kNone,
          nullptr,
          nullptr};
}

template <typename T>
constexpr Kernels<T> make_kernels_with_matmul(PackedFormat format) {
  Kernels<T> kernels = make_kernels<T>();
  kernels.packed_format = format;
  kernels.pack_b_panels = pack_b_panels<T>;
  kernels.macro_kernel = macro_kernel<T>;
  return kernels;
}

// Where there are AMX tiles, LibTorch's bfloat16 matmul uses them and is the faster one.
#if RETORT_VECTOR_BYTES < 64
constexpr Kernels<float> kFloatKernels = make_kernels_with_matmul<float>(PackedFormat::kFloat32);
constexpr Kernels<Bf16> kBf16Kernels = make_kernels_with_matmul<Bf16>(PackedFormat::kFloat32);
#else
constexpr Kernels<float> kFloatKernels = make_kernels_with_matmul<float>(PackedFormat::kWords);
#if defined(RETORT_HAS_BF16_DOT) && !defined(RETORT_HAS_AMX)
constexpr Kernels<Bf16> kBf16Kernels = make_kernels_with_matmul<Bf16>(PackedFormat::kWords);
#else
constexpr Kernels<Bf16> kBf16Kernels = make_kernels<Bf16>();
#endif
#endif
}  // namespace

#if defined(RETORT_HAS_AMX)
bool amx_works() {
  constexpr int64_t kM = 32, kK = 64, kN = 48;
  alignas(64) Bf16 a[kM * kK], b[kK * kN];
  alignas(64) float c[kM * kN];
  const auto value = [](int64_t i) { return static_cast<float>((i * 7) % 13 - 6); };
  for (int64_t i = 0; i < kM * kK; ++i) a[i] = from_float<Bf16>(value(i));
  for (int64_t k = 0; k < kK; ++k)
    for (int64_t n = 0; n < kN; ++n) b[(k / 2) * kN * 2 + n * 2 + k % 2] = from_float<Bf16>(value(k * kN + n));
  {
    const AmxTileScope tiles;
    gemm(kM, kN, kK, a, kK, b, kN, c, kN, Accumulation::kOverwrite);
    gemm(kM, kN, kK, a, kK, b, kN, c, kN, Accumulation::kAdd);
  }
  for (int64_t m = 0; m < kM; ++m)
    for (int64_t n = 0; n < kN; ++n) {
      float sum = 0;
      for (int64_t k = 0; k < kK; ++k) sum += value(m * kK + k) * value(k * kN + n);
      if (c[m * kN + n] != 2 * sum) return false;  // exact, since the numbers are small integers
    }
  return true;
}
#endif

const KernelTable RETORT_TABLE(RETORT_ISA) = {
    RETORT_NAME(RETORT_ISA), kFloatKernels, kBf16Kernels, adam_step, decay_step, lamb_update, lamb_apply, add_to,
    round_to_bf16,           sum_of_squares};

}  // namespace retort::kernel::cpu
