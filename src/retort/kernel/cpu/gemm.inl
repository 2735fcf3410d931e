// Small matrix products for attention, C[M,N] = (C +) A[M,K] B; included by variant.cpp inside an anonymous namespace.
// Operand is the element that the products of this instruction set take: float, or Bf16 where there are bfloat16
// products. Floats: B is [K,N]. Bf16: B is [K/2,N,2], neighbors of K side by side, as the instructions want it.
// Every buffer is padded with zeros: K to kPadK, N to 16 columns, M to kPadM rows.

#if defined(RETORT_HAS_AMX)
using Operand16 = Bf16;  // the operand for bfloat16 tensors
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
constexpr int64_t kBlockRows = 6, kBlockColumns = RETORT_VECTOR_BYTES == 64 ? 4 : 2;  // accumulators held in registers

// One block of kRows x (kColumns * kLanes) results over all of K.
template <int kRows, int kColumns>
[[gnu::always_inline]] inline void multiply_block(int64_t k, const float* a, int64_t lda, const float* b, int64_t ldb,
                                                  float* c, int64_t ldc, bool accumulate) {
  VecF sums[kRows][kColumns];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j)
      sums[i][j] = accumulate ? *reinterpret_cast<const VecF*>(c + i * ldc + j * kLanes) : VecF{};
  for (int64_t p = 0; p < k; ++p) {
    VecF row[kColumns];
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) row[j] = *reinterpret_cast<const VecF*>(b + p * ldb + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; ++j) sums[i][j] += a[i * lda + p] * row[j];
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) *reinterpret_cast<VecF*>(c + i * ldc + j * kLanes) = sums[i][j];
}

#if defined(RETORT_HAS_BF16_DOT)
template <int kRows, int kColumns>
[[gnu::always_inline]] inline void multiply_block(int64_t k, const Bf16* a, int64_t lda, const Bf16* b, int64_t ldb,
                                                  float* c, int64_t ldc, bool accumulate) {
  __m512 sums[kRows][kColumns];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j)
      sums[i][j] = accumulate ? _mm512_loadu_ps(c + i * ldc + j * 16) : _mm512_setzero_ps();
  for (int64_t p = 0; p < k; p += 2) {
    __m512bh row[kColumns];
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j)
      row[j] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(reinterpret_cast<const uint8_t*>(b + p * ldb + j * 32)));
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      int32_t pair;
      __builtin_memcpy(&pair, a + i * lda + p, 4);
      const __m512bh both = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; ++j) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], both, row[j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) _mm512_storeu_ps(c + i * ldc + j * 16, sums[i][j]);
}
#endif

template <int kColumns, typename E>
void multiply_columns(int64_t m, int64_t k, const E* a, int64_t lda, const E* b, int64_t ldb, float* c, int64_t ldc,
                      bool accumulate) {
  int64_t i = 0;
  for (; i + kBlockRows <= m; i += kBlockRows)
    multiply_block<kBlockRows, kColumns>(k, a + i * lda, lda, b, ldb, c + i * ldc, ldc, accumulate);
  for (; i + 2 <= m; i += 2) multiply_block<2, kColumns>(k, a + i * lda, lda, b, ldb, c + i * ldc, ldc, accumulate);
  for (; i < m; ++i) multiply_block<1, kColumns>(k, a + i * lda, lda, b, ldb, c + i * ldc, ldc, accumulate);
}

// Elements of B that one column takes: pairs lie side by side.
template <typename E>
constexpr int64_t kColumnElements = sizeof(E) == 2 ? 2 : 1;

template <typename E>
void multiply(int64_t m, int64_t n, int64_t k, const E* a, int64_t lda, const E* b, int64_t ldb, float* c, int64_t ldc,
              bool accumulate) {
  int64_t j = 0;
  for (; j + kBlockColumns * kLanes <= n; j += kBlockColumns * kLanes)
    multiply_columns<kBlockColumns>(m, k, a, lda, b + j * kColumnElements<E>, ldb, c + j, ldc, accumulate);
  for (; j + 2 * kLanes <= n; j += 2 * kLanes)
    multiply_columns<2>(m, k, a, lda, b + j * kColumnElements<E>, ldb, c + j, ldc, accumulate);
  for (; j < n; j += kLanes) multiply_columns<1>(m, k, a, lda, b + j * kColumnElements<E>, ldb, c + j, ldc, accumulate);
}

#if defined(RETORT_HAS_AMX)
// Tiles 0-3 hold results, 4 and 5 rows of A, 6 and 7 columns of B; every tile is 16 rows of 64 bytes.
// The tile intrinsics do not tell the compiler what memory they read.
[[gnu::always_inline]] inline void tile_barrier() { __asm__ volatile("" ::: "memory"); }

struct TileScope {
  TileScope() {
    alignas(64) uint8_t config[64] = {};
    config[0] = 1;
    for (int tile = 0; tile < 8; ++tile) {
      config[16 + 2 * tile] = 64;
      config[48 + tile] = 16;
    }
    tile_barrier();
    _tile_loadconfig(config);
  }
  ~TileScope() { _tile_release(); }
};

void multiply(int64_t m, int64_t n, int64_t k, const Bf16* a, int64_t lda, const Bf16* b, int64_t ldb, float* c,
              int64_t ldc, bool accumulate) {
  tile_barrier();
  for (int64_t i = 0; i < m; i += 32) {
    const bool two_rows = i + 16 < m;
    for (int64_t j = 0; j < n; j += 32) {
      const bool two_columns = j + 16 < n;
      float *c0 = c + i * ldc + j, *c2 = c0 + 16 * ldc;
      if (accumulate) {
        _tile_loadd(0, c0, ldc * 4);
        if (two_columns) _tile_loadd(1, c0 + 16, ldc * 4);
        if (two_rows) _tile_loadd(2, c2, ldc * 4);
        if (two_rows && two_columns) _tile_loadd(3, c2 + 16, ldc * 4);
      } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
      }
      for (int64_t p = 0; p < k; p += 32) {
        const Bf16 *a0 = a + i * lda + p, *b0 = b + p * ldb + j * 2;
        _tile_loadd(4, a0, lda * 2);
        _tile_loadd(6, b0, ldb * 4);
        _tile_dpbf16ps(0, 4, 6);
        if (two_columns) {
          _tile_loadd(7, b0 + 32, ldb * 4);
          _tile_dpbf16ps(1, 4, 7);
        }
        if (two_rows) {
          _tile_loadd(5, a0 + 16 * lda, lda * 2);
          _tile_dpbf16ps(2, 5, 6);
          if (two_columns) _tile_dpbf16ps(3, 5, 7);
        }
      }
      _tile_stored(0, c0, ldc * 4);
      if (two_columns) _tile_stored(1, c0 + 16, ldc * 4);
      if (two_rows) _tile_stored(2, c2, ldc * 4);
      if (two_rows && two_columns) _tile_stored(3, c2 + 16, ldc * 4);
    }
  }
  tile_barrier();
}
#else
struct TileScope {};
#endif
