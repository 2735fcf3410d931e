// Matmul in AVX-512, after the scheme of BLIS; isa_kernels.cpp includes this file inside an anonymous namespace. Both
// element types are words of 32 bits here: a float32 number, or two bfloat16 numbers that are neighbors in K, as the
// dot-product instruction takes them. B is packed into panels of NR = 32 columns, [K words][32], which stay in the L2
// cache while the micro-kernel goes over the rows of A. A is read in place, or packed when it is transposed.

#if RETORT_VECTOR_BYTES == 64
using Word = uint32_t;
static_assert(kMc % kAvx512Mr == 0);

// Whether the micro-kernel reads A where it is stored, or from a packed copy.
enum class AStorage { kInPlace, kPacked };

template <int kValue>
struct Constant {
  static constexpr int value = kValue;
};

template <typename T>
constexpr int64_t kWordElements = 4 / sizeof(T);

template <typename T>
int64_t words_of(int64_t k) {
  return (k + kWordElements<T> - 1) / kWordElements<T>;
}

// The mask of the first `count` lanes.
inline __mmask16 first_lanes(int64_t count) {
  return count >= 16 ? __mmask16(0xffff) : count <= 0 ? __mmask16(0) : __mmask16((1u << count) - 1);
}

inline __m512 multiply_add(__m512i a, __m512i b, __m512 sum, float) {
  return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
}
#if defined(RETORT_HAS_BF16_DOT)
inline __m512 multiply_add(__m512i a, __m512i b, __m512 sum, Bf16) {
  return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}
#endif

// Word p of K in 16 columns of rows [K][stride]. In bfloat16 it interleaves the rows 2p and 2p + 1.
inline __m512i load_words_of_columns(const float* rows, int64_t stride, int64_t, int64_t p, __mmask16 columns) {
  return _mm512_maskz_loadu_epi32(columns, rows + p * stride);
}
inline __m512i load_words_of_columns(const Bf16* rows, int64_t stride, int64_t k, int64_t p, __mmask16 columns) {
  const Bf16* row = rows + 2 * p * stride;
  const __m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(columns, row));
  if (2 * p + 1 == k) return low;
  const __m512i high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(columns, row + stride));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

// 16 words of a row of `k` elements, from `element` on; zeros after its end.
inline __m512i load_words_of_row(const float* row, int64_t element, int64_t k) {
  return _mm512_maskz_loadu_epi32(first_lanes(k - element), row + element);
}
inline __m512i load_words_of_row(const Bf16* row, int64_t element, int64_t k) {
  const int64_t left = k - element;
  const __mmask32 wanted = left >= 32 ? ~__mmask32(0) : left <= 0 ? __mmask32(0) : (__mmask32(1) << left) - 1;
  return _mm512_maskz_loadu_epi16(wanted, row + element);
}

// r[i] word j becomes r[j] word i.
inline void transpose(__m512i (&r)[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

// Packs half a panel from 16 rows of B stored as [N, K].
template <typename T>
void pack_transposed_half_panel(const Matmul<T>& matmul, int64_t column, Word* half_panel) {
  const int64_t words = words_of<T>(matmul.k), present = matmul.n - column;
  for (int64_t p = 0; p < words; p += 16) {
    __m512i r[16];
    for (int i = 0; i < 16; ++i)
      r[i] = i < present ? load_words_of_row(matmul.b + (column + i) * matmul.b_stride, p * kWordElements<T>, matmul.k)
                         : _mm512_setzero_si512();
    transpose(r);
    for (int64_t i = 0; i < 16 && p + i < words; ++i) _mm512_storeu_si512(half_panel + (p + i) * kPanelColumns, r[i]);
  }
}

// Packs the panels `begin` to `end` of B.
template <typename T>
void pack_b_panels(const Matmul<T>& matmul, T* panels, int64_t begin, int64_t end) {
  const int64_t words = words_of<T>(matmul.k);
  for (int64_t panel = begin; panel < end; ++panel) {
    Word* out = reinterpret_cast<Word*>(panels) + panel * words * kPanelColumns;
    for (int64_t column = panel * kPanelColumns; column < (panel + 1) * kPanelColumns; column += 16, out += 16) {
      if (matmul.b_transposed) {
        pack_transposed_half_panel(matmul, column, out);
        continue;
      }
      const __mmask16 present = first_lanes(matmul.n - column);
      for (int64_t p = 0; p < words; ++p)
        _mm512_storeu_si512(out + p * kPanelColumns,
                            load_words_of_columns(matmul.b + column, matmul.b_stride, matmul.k, p, present));
    }
  }
}

// Row i of A, word p of K lies at first + i * row_bytes + p * word_bytes.
struct AWords {
  const char* first;
  int64_t row_bytes, word_bytes;
};

inline void accumulate(float* total, __mmask16 lanes, __m512 sums) {
  _mm512_mask_storeu_ps(total, lanes, _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, total), sums));
}

inline void store_with_bias(const Matmul<float>& matmul, int64_t row, int64_t column, __mmask16 lanes, __m512 sums) {
  if (matmul.bias != nullptr) sums = _mm512_add_ps(sums, _mm512_maskz_loadu_ps(lanes, matmul.bias + column));
  _mm512_mask_storeu_ps(matmul.out + row * matmul.n + column, lanes, sums);
}

#if defined(RETORT_HAS_BF16_DOT)
inline void store_with_bias(const Matmul<Bf16>& matmul, int64_t row, int64_t column, __mmask16 lanes, __m512 sums) {
  if (matmul.bias != nullptr) {
    const __m256i bias = _mm256_maskz_loadu_epi16(lanes, matmul.bias + column);
    sums = _mm512_add_ps(sums, _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bias), 16)));
  }
  _mm256_mask_storeu_epi16(matmul.out + row * matmul.n + column, lanes,
                           reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(sums)));
}
#endif

// Accumulates 16 sums into C, or adds the bias and stores them in the element type.
template <typename T>
[[gnu::always_inline]] inline void epilogue(const Matmul<T>& matmul, int64_t row, int64_t column, __mmask16 lanes,
                                            __m512 sums) {
  if (matmul.sum != nullptr) return accumulate(matmul.sum + row * matmul.n + column, lanes, sums);
  store_with_bias(matmul, row, column, lanes, sums);
}

// Prefetches the tile of C into the cache while the micro-kernel sums.
template <int kRows, typename T>
[[gnu::always_inline]] inline void prefetch_c(const Matmul<T>& matmul, int64_t row, int64_t column) {
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    const int64_t at = (row + i) * matmul.n + column;
    const char* place =
        matmul.sum ? reinterpret_cast<const char*>(matmul.sum + at) : reinterpret_cast<const char*>(matmul.out + at);
    __builtin_prefetch(place, 1);
    if (matmul.sum != nullptr || sizeof(T) == 4) __builtin_prefetch(place + 64, 1);
  }
}

// The micro-kernel: kRows x 32 sums over `words` words of K (12 x 32: 24 registers of sums, 2 of B, one of A). Every
// third row of A has a base pointer, and an address holds the row's multiple of the stride (0, 1 or 2) from there.
template <int kRows, AStorage kStorage, typename T>
[[gnu::always_inline]] inline void micro_kernel(const Matmul<T>& matmul, const AWords& a, const Word* panel,
                                                int64_t words, int64_t row, int64_t column) {
  constexpr int kBases = (kRows + 2) / 3;
  constexpr bool kIsPacked = kStorage == AStorage::kPacked;
  const int64_t row_bytes = kIsPacked ? 4 : a.row_bytes, word_bytes = kIsPacked ? 4 * kAvx512Mr : 4;
  const char* bases[kBases];
#pragma GCC unroll 4
  for (int g = 0; g < kBases; ++g) bases[g] = a.first + 3 * g * row_bytes;
  prefetch_c<kRows>(matmul, row, column);
  __m512 sums[kRows][2];
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
  for (int64_t p = 0; p < words; ++p, panel += kPanelColumns) {
    const __m512i left = _mm512_loadu_si512(panel), right = _mm512_loadu_si512(panel + 16);
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) {
      int32_t word;
      __builtin_memcpy(&word, bases[i / 3] + (i % 3) * row_bytes, 4);
      const __m512i both = _mm512_set1_epi32(word);
      sums[i][0] = multiply_add(both, left, sums[i][0], T{});
      sums[i][1] = multiply_add(both, right, sums[i][1], T{});
    }
#pragma GCC unroll 4
    for (int g = 0; g < kBases; ++g) bases[g] += word_bytes;
  }
  const __mmask16 left = first_lanes(matmul.n - column), right = first_lanes(matmul.n - column - 16);
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    epilogue(matmul, row + i, column, left, sums[i][0]);
    if (right != 0) epilogue(matmul, row + i, column + 16, right, sums[i][1]);
  }
}

// Multiplies the rows `row` to `row_end` of A, at most MR, with the panels of the block.
template <AStorage kStorage, typename T>
void multiply_rows(const Matmul<T>& matmul, const Word* panels, const MatmulBlock& block, AWords a, int64_t row,
                   int64_t row_end, int64_t first_word, int64_t words) {
  const int64_t panel_words = words_of<T>(matmul.k) * kPanelColumns;
  const auto multiply_panels = [&](auto rows) {
    for (int64_t panel = block.panel_begin; panel < block.panel_end; ++panel) {
      const Word* b = panels + panel * panel_words + first_word * kPanelColumns;
      micro_kernel<decltype(rows)::value, kStorage>(matmul, a, b, words, row, panel * kPanelColumns);
    }
    row += decltype(rows)::value;
    a.first += decltype(rows)::value * a.row_bytes;
  };
  if (row + kAvx512Mr <= row_end) return multiply_panels(Constant<kAvx512Mr>{});
  while (row + 4 <= row_end) multiply_panels(Constant<4>{});
  while (row < row_end) multiply_panels(Constant<1>{});
}

// Packs `words` words of K, from `first_word` on, of the rows `row` to `row_end` of a transposed A, at most MC, as
// [rows / MR][words][MR].
template <typename T>
void pack_a_block(const Matmul<T>& matmul, int64_t row, int64_t row_end, int64_t first_word, int64_t words,
                  Word* packed) {
  constexpr __mmask16 kTileLanes = (1u << kAvx512Mr) - 1;
  constexpr int64_t kWordsAhead = 16;  // the hardware prefetcher does not follow strides of a whole row
  const int64_t word_stride = kWordElements<T> * matmul.a_stride;
  for (int64_t p = 0; p < words; ++p) {
    const T* const ahead = matmul.a + (first_word + p + kWordsAhead) * word_stride;
    for (int64_t e = 0; e < kWordElements<T>; ++e)
      for (int64_t i = row; i < row_end; i += 64 / static_cast<int64_t>(sizeof(T)))
        __builtin_prefetch(ahead + e * matmul.a_stride + i);
    for (int64_t i = row; i < row_end; i += kAvx512Mr)
      _mm512_mask_storeu_epi32(packed + (i - row) * words + p * kAvx512Mr, kTileLanes,
                               load_words_of_columns(matmul.a + i, matmul.a_stride, matmul.k, first_word + p,
                                                     first_lanes(row_end - i < kAvx512Mr ? row_end - i : kAvx512Mr)));
  }
}

template <typename T>
void multiply_transposed_a(const Matmul<T>& matmul, const Word* panels, const MatmulBlock& block, Word* packed) {
  const int64_t all_words = words_of<T>(matmul.k);
  for (int64_t word = 0; word < all_words; word += block.kc) {
    const int64_t words = all_words - word < block.kc ? all_words - word : block.kc;
    for (int64_t row = block.row_begin; row < block.row_end; row += kMc) {
      const int64_t end = row + kMc < block.row_end ? row + kMc : block.row_end;
      pack_a_block(matmul, row, end, word, words, packed);
      for (int64_t i = row; i < end; i += kAvx512Mr) {
        const AWords a{reinterpret_cast<const char*>(packed + (i - row) * words), 4, 4 * kAvx512Mr};
        multiply_rows<AStorage::kPacked>(matmul, panels, block, a, i, i + kAvx512Mr < end ? i + kAvx512Mr : end, word,
                                         words);
      }
    }
  }
}

// Computes one block of C: the loops around the micro-kernel.
template <typename T>
void macro_kernel(const Matmul<T>& matmul, const T* panels, const MatmulBlock& block, void* scratch) {
  const Word* words = reinterpret_cast<const Word*>(panels);
  if (matmul.a_transposed) return multiply_transposed_a(matmul, words, block, static_cast<Word*>(scratch));
  for (int64_t row = block.row_begin; row < block.row_end; row += kAvx512Mr) {
    const AWords a{reinterpret_cast<const char*>(matmul.a + row * matmul.a_stride),
                   matmul.a_stride * static_cast<int64_t>(sizeof(T)), 4};
    multiply_rows<AStorage::kInPlace>(matmul, words, block, a, row,
                                      row + kAvx512Mr < block.row_end ? row + kAvx512Mr : block.row_end, 0,
                                      words_of<T>(matmul.k));
  }
}
#endif
