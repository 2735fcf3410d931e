// Small GEMMs of attention and of the relation loss, C [M,N] = A [M,K] B or C += A B, on operands that
// attention_packing.inl packs; isa_kernels.cpp includes this file inside an anonymous namespace. An operand holds
// float32 numbers, or Bf16 where the instruction set multiplies bfloat16. In float32, B is [K,N]. In bfloat16, B is
// [K/2,N,2], two neighbors in K side by side, as the instructions take them (oneDNN's VNNI layout). Zeros pad every
// buffer: K to kPadK elements, N to 16 columns, M to kPadM rows. attention_gemm_amx.inl has the form for AMX tiles.

#if defined(RETORT_HAS_AMX)
using Operand16 = Bf16;  // the element of an operand when tensors are bfloat16
constexpr int64_t kPadK = 32, kPadM = 16;
#elif defined(RETORT_HAS_BF16_DOT)
using Operand16 = Bf16;
constexpr int64_t kPadK = 2, kPadM = 1;
#else
using Operand16 = float;
constexpr int64_t kPadK = 2, kPadM = 1;
#endif

using VecF = float __attribute__((vector_size(RETORT_VECTOR_BYTES), may_alias, aligned(4)));
constexpr int64_t kLanes = RETORT_VECTOR_BYTES / 4;
// The micro-kernel's MR, and its NR in vector registers: 24 registers of sums of the 32 in AVX-512, 12 elsewhere.
constexpr int64_t kGemmMr = 6, kGemmNrRegisters = RETORT_VECTOR_BYTES == 64 ? 4 : 2;

// Whether a GEMM overwrites C or adds to it: beta = 0 or 1 in BLAS.
enum class Accumulation { kOverwrite, kAdd };

// The micro-kernel: kRows x (kRegisters * kLanes) sums over all of K.
template <int kRows, int kRegisters>
[[gnu::always_inline]] inline void gemm_micro_kernel(int64_t k, const float* a, int64_t lda, const float* b,
                                                     int64_t ldb, float* c, int64_t ldc, Accumulation accumulation) {
  VecF sums[kRows][kRegisters];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kRegisters; ++j)
      sums[i][j] =
          accumulation == Accumulation::kAdd ? *reinterpret_cast<const VecF*>(c + i * ldc + j * kLanes) : VecF{};
  for (int64_t p = 0; p < k; ++p) {
    VecF row[kRegisters];
#pragma GCC unroll 4
    for (int j = 0; j < kRegisters; ++j) row[j] = *reinterpret_cast<const VecF*>(b + p * ldb + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < kRegisters; ++j) sums[i][j] += a[i * lda + p] * row[j];
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kRegisters; ++j) *reinterpret_cast<VecF*>(c + i * ldc + j * kLanes) = sums[i][j];
}

#if defined(RETORT_HAS_BF16_DOT)
template <int kRows, int kRegisters>
[[gnu::always_inline]] inline void gemm_micro_kernel(int64_t k, const Bf16* a, int64_t lda, const Bf16* b, int64_t ldb,
                                                     float* c, int64_t ldc, Accumulation accumulation) {
  __m512 sums[kRows][kRegisters];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kRegisters; ++j)
      sums[i][j] = accumulation == Accumulation::kAdd ? _mm512_loadu_ps(c + i * ldc + j * 16) : _mm512_setzero_ps();
  for (int64_t p = 0; p < k; p += 2) {
    __m512bh row[kRegisters];
#pragma GCC unroll 4
    for (int j = 0; j < kRegisters; ++j)
      row[j] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(reinterpret_cast<const uint8_t*>(b + p * ldb + j * 32)));
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      int32_t pair;
      __builtin_memcpy(&pair, a + i * lda + p, 4);
      const __m512bh both = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
#pragma GCC unroll 4
      for (int j = 0; j < kRegisters; ++j) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], both, row[j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kRegisters; ++j) _mm512_storeu_ps(c + i * ldc + j * 16, sums[i][j]);
}
#endif

// Computes kRegisters * kLanes columns of C.
template <int kRegisters, typename E>
void gemm_columns(int64_t m, int64_t k, const E* a, int64_t lda, const E* b, int64_t ldb, float* c, int64_t ldc,
                  Accumulation accumulation) {
  int64_t i = 0;
  for (; i + kGemmMr <= m; i += kGemmMr)
    gemm_micro_kernel<kGemmMr, kRegisters>(k, a + i * lda, lda, b, ldb, c + i * ldc, ldc, accumulation);
  for (; i + 2 <= m; i += 2)
    gemm_micro_kernel<2, kRegisters>(k, a + i * lda, lda, b, ldb, c + i * ldc, ldc, accumulation);
  for (; i < m; ++i) gemm_micro_kernel<1, kRegisters>(k, a + i * lda, lda, b, ldb, c + i * ldc, ldc, accumulation);
}

// Elements that one column takes in a row of B: the two of a pair lie side by side.
template <typename E>
constexpr int64_t kColumnElements = sizeof(E) == 2 ? 2 : 1;

template <typename E>
void gemm(int64_t m, int64_t n, int64_t k, const E* a, int64_t lda, const E* b, int64_t ldb, float* c, int64_t ldc,
          Accumulation accumulation) {
  int64_t j = 0;
  for (; j + kGemmNrRegisters * kLanes <= n; j += kGemmNrRegisters * kLanes)
    gemm_columns<kGemmNrRegisters>(m, k, a, lda, b + j * kColumnElements<E>, ldb, c + j, ldc, accumulation);
  for (; j + 2 * kLanes <= n; j += 2 * kLanes)
    gemm_columns<2>(m, k, a, lda, b + j * kColumnElements<E>, ldb, c + j, ldc, accumulation);
  for (; j < n; j += kLanes) gemm_columns<1>(m, k, a, lda, b + j * kColumnElements<E>, ldb, c + j, ldc, accumulation);
}
