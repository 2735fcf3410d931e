// Whole matrix products in the registers of AVX-512; included by variant.cpp inside an anonymous namespace. Both
// element types are words of 32 bits here: a float, or two bfloat16 numbers that are neighbors in the inner dimension,
// as the instruction for them wants it. B is rearranged into panels of 32 columns, [inner words][32], which stay in the
// second cache while rows of A pass by; A is read as it lies, or, where it is transposed, through a small copy.

#if RETORT_VECTOR_BYTES == 64
using Word = uint32_t;

template <int kValue>
struct Constant {
  static constexpr int value = kValue;
};

template <typename T>
constexpr int64_t kWordElements = 4 / sizeof(T);

template <typename T>
int64_t words_of(int64_t inner) {
  return (inner + kWordElements<T> - 1) / kWordElements<T>;
}

inline __mmask16 lanes_before(int64_t count) {
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

// 16 columns of inner word p, out of rows of [inner][stride]: of bfloat16 the rows 2p and 2p + 1, interleaved.
inline __m512i words_across(const float* rows, int64_t stride, int64_t, int64_t p, __mmask16 columns) {
  return _mm512_maskz_loadu_epi32(columns, rows + p * stride);
}
inline __m512i words_across(const Bf16* rows, int64_t stride, int64_t inner, int64_t p, __mmask16 columns) {
  const Bf16* row = rows + 2 * p * stride;
  const __m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(columns, row));
  if (2 * p + 1 == inner) return low;
  const __m512i high = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(columns, row + stride));
  return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

// 16 words from `element` on, of a row with `inner` elements; zeros behind its end.
inline __m512i words_along(const float* row, int64_t element, int64_t inner) {
  return _mm512_maskz_loadu_epi32(lanes_before(inner - element), row + element);
}
inline __m512i words_along(const Bf16* row, int64_t element, int64_t inner) {
  const int64_t left = inner - element;
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

// Half a panel out of 16 rows of B transposed, [columns, inner].
template <typename T>
void pack_transposed_half(const MatrixProduct<T>& product, int64_t column, Word* half) {
  const int64_t words = words_of<T>(product.inner), present = product.columns - column;
  for (int64_t p = 0; p < words; p += 16) {
    __m512i r[16];
    for (int i = 0; i < 16; ++i)
      r[i] = i < present ? words_along(product.b + (column + i) * product.b_stride, p * kWordElements<T>, product.inner)
                         : _mm512_setzero_si512();
    transpose(r);
    for (int64_t i = 0; i < 16 && p + i < words; ++i) _mm512_storeu_si512(half + (p + i) * kPanelColumns, r[i]);
  }
}

template <typename T>
void pack_panels(const MatrixProduct<T>& product, T* panels, int64_t begin, int64_t end) {
  const int64_t words = words_of<T>(product.inner);
  for (int64_t panel = begin; panel < end; ++panel) {
    Word* out = reinterpret_cast<Word*>(panels) + panel * words * kPanelColumns;
    for (int64_t column = panel * kPanelColumns; column < (panel + 1) * kPanelColumns; column += 16, out += 16) {
      if (product.b_transposed) {
        pack_transposed_half(product, column, out);
        continue;
      }
      const __mmask16 present = lanes_before(product.columns - column);
      for (int64_t p = 0; p < words; ++p)
        _mm512_storeu_si512(out + p * kPanelColumns,
                            words_across(product.b + column, product.b_stride, product.inner, p, present));
    }
  }
}

// Where the words of A lie: row i, word p at first + i * row_bytes + p * word_bytes.
struct WordsOfA {
  const char* first;
  int64_t row_bytes, word_bytes;
};

inline void add_sums(float* total, __mmask16 lanes, __m512 sums) {
  _mm512_mask_storeu_ps(total, lanes, _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, total), sums));
}

inline void store_sums(const MatrixProduct<float>& product, int64_t row, int64_t column, __mmask16 lanes, __m512 sums) {
  if (product.bias != nullptr) sums = _mm512_add_ps(sums, _mm512_maskz_loadu_ps(lanes, product.bias + column));
  _mm512_mask_storeu_ps(product.out + row * product.columns + column, lanes, sums);
}

#if defined(RETORT_HAS_BF16_DOT)
inline void store_sums(const MatrixProduct<Bf16>& product, int64_t row, int64_t column, __mmask16 lanes, __m512 sums) {
  if (product.bias != nullptr) {
    const __m256i bias = _mm256_maskz_loadu_epi16(lanes, product.bias + column);
    sums = _mm512_add_ps(sums, _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bias), 16)));
  }
  _mm256_mask_storeu_epi16(product.out + row * product.columns + column, lanes,
                           reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(sums)));
}
#endif

template <typename T>
[[gnu::always_inline]] inline void put_sums(const MatrixProduct<T>& product, int64_t row, int64_t column,
                                            __mmask16 lanes, __m512 sums) {
  if (product.sum != nullptr) return add_sums(product.sum + row * product.columns + column, lanes, sums);
  store_sums(product, row, column, lanes, sums);
}

// Brings the places of a tile's results near while its sums are made.
template <int kRows, typename T>
[[gnu::always_inline]] inline void fetch_results(const MatrixProduct<T>& product, int64_t row, int64_t column) {
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    const int64_t at = (row + i) * product.columns + column;
    const char* place = product.sum ? reinterpret_cast<const char*>(product.sum + at)
                                    : reinterpret_cast<const char*>(product.out + at);
    __builtin_prefetch(place, 1);
    if (product.sum != nullptr || sizeof(T) == 4) __builtin_prefetch(place + 64, 1);
  }
}

// kRows x 32 sums over `words` inner words (12 x 32: 24 registers of sums, 2 of B, one of A). Rows of A are reached from
// every third by a multiple of their distance, which an address can hold.
template <int kRows, bool kIsCopy, typename T>
[[gnu::always_inline]] inline void multiply_tile(const MatrixProduct<T>& product, const WordsOfA& a, const Word* panel,
                                                 int64_t words, int64_t row, int64_t column) {
  constexpr int kBases = (kRows + 2) / 3;
  const int64_t row_bytes = kIsCopy ? 4 : a.row_bytes, word_bytes = kIsCopy ? 4 * kTileRows : 4;
  const char* bases[kBases];
#pragma GCC unroll 4
  for (int g = 0; g < kBases; ++g) bases[g] = a.first + 3 * g * row_bytes;
  fetch_results<kRows>(product, row, column);
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
  const __mmask16 left = lanes_before(product.columns - column), right = lanes_before(product.columns - column - 16);
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    put_sums(product, row + i, column, left, sums[i][0]);
    if (right != 0) put_sums(product, row + i, column + 16, right, sums[i][1]);
  }
}

// Rows `row` to `row_end`, at most kTileRows, times the panels of the block.
template <bool kIsCopy, typename T>
void multiply_rows(const MatrixProduct<T>& product, const Word* panels, const ProductBlock& block, WordsOfA a,
                   int64_t row, int64_t row_end, int64_t first_word, int64_t words) {
  const int64_t panel_words = words_of<T>(product.inner) * kPanelColumns;
  const auto all_columns = [&](auto rows) {
    for (int64_t panel = block.panel_begin; panel < block.panel_end; ++panel) {
      const Word* b = panels + panel * panel_words + first_word * kPanelColumns;
      multiply_tile<decltype(rows)::value, kIsCopy>(product, a, b, words, row, panel * kPanelColumns);
    }
    row += decltype(rows)::value;
    a.first += decltype(rows)::value * a.row_bytes;
  };
  if (row + kTileRows <= row_end) return all_columns(Constant<kTileRows>{});
  while (row + 4 <= row_end) all_columns(Constant<4>{});
  while (row < row_end) all_columns(Constant<1>{});
}

// Words `first_word` and on of kCopiedRows rows of a transposed A, as [tile of rows][words][kTileRows].
template <typename T>
void copy_rows(const MatrixProduct<T>& product, int64_t row, int64_t row_end, int64_t first_word, int64_t words,
               Word* copy) {
  constexpr __mmask16 kTileLanes = (1u << kTileRows) - 1;
  constexpr int64_t kWordsAhead = 16;  // the processor does not foresee steps of a whole row
  const int64_t word_stride = kWordElements<T> * product.a_stride;
  for (int64_t p = 0; p < words; ++p) {
    const T* const ahead = product.a + (first_word + p + kWordsAhead) * word_stride;
    for (int64_t e = 0; e < kWordElements<T>; ++e)
      for (int64_t i = row; i < row_end; i += 64 / static_cast<int64_t>(sizeof(T)))
        __builtin_prefetch(ahead + e * product.a_stride + i);
    for (int64_t i = row; i < row_end; i += kTileRows)
      _mm512_mask_storeu_epi32(
          copy + (i - row) * words + p * kTileRows, kTileLanes,
          words_across(product.a + i, product.a_stride, product.inner, first_word + p,
                       lanes_before(row_end - i < kTileRows ? row_end - i : kTileRows)));
  }
}

template <typename T>
void multiply_transposed(const MatrixProduct<T>& product, const Word* panels, const ProductBlock& block, Word* copy) {
  const int64_t all_words = words_of<T>(product.inner);
  for (int64_t word = 0; word < all_words; word += block.words_at_once) {
    const int64_t words = all_words - word < block.words_at_once ? all_words - word : block.words_at_once;
    for (int64_t row = block.row_begin; row < block.row_end; row += kCopiedRows) {
      const int64_t end = row + kCopiedRows < block.row_end ? row + kCopiedRows : block.row_end;
      copy_rows(product, row, end, word, words, copy);
      for (int64_t i = row; i < end; i += kTileRows) {
        const WordsOfA a{reinterpret_cast<const char*>(copy + (i - row) * words), 4, 4 * kTileRows};
        multiply_rows<true>(product, panels, block, a, i, i + kTileRows < end ? i + kTileRows : end, word, words);
      }
    }
  }
}

template <typename T>
void multiply_panels(const MatrixProduct<T>& product, const T* panels, const ProductBlock& block, void* scratch) {
  const Word* words = reinterpret_cast<const Word*>(panels);
  if (product.a_transposed) return multiply_transposed(product, words, block, static_cast<Word*>(scratch));
  for (int64_t row = block.row_begin; row < block.row_end; row += kTileRows) {
    const WordsOfA a{reinterpret_cast<const char*>(product.a + row * product.a_stride),
                     product.a_stride * static_cast<int64_t>(sizeof(T)), 4};
    multiply_rows<false>(product, words, block, a, row,
                         row + kTileRows < block.row_end ? row + kTileRows : block.row_end, 0,
                         words_of<T>(product.inner));
  }
}
#endif
