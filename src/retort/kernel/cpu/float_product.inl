// Whole matrix products in float arithmetic, for instruction sets without wide registers; included by variant.cpp
// inside an anonymous namespace. bfloat16 numbers become floats while they are arranged, so both element types cost the
// same. B is rearranged into strips as wide as two registers, [inner][kStripColumns], a whole number of them a panel; A
// into tiles, [inner][kStripRows], kCopiedRows rows and `words_at_once` inner elements at a time. A piece of a strip then
// stays in the first cache while the tiles pass by, and the tiles in the second while the strips do.

#if RETORT_VECTOR_BYTES < 64
constexpr int64_t kStripRows = 6, kStripColumns = 2 * kLanes;
static_assert(kPanelColumns % kStripColumns == 0 && kCopiedRows % kStripRows == 0);

inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

template <typename T>
void pack_strip(const MatrixProduct<T>& product, int64_t column, float* strip) {
  const int64_t present = smaller(kStripColumns, product.columns - column);
  if (present < kStripColumns)
    for (int64_t i = 0; i < product.inner * kStripColumns; ++i) strip[i] = 0;
  if (!product.b_transposed) {
    const T* row = product.b + column;
    for (int64_t p = 0; p < product.inner; ++p, row += product.b_stride, strip += kStripColumns)
      for (int64_t j = 0; j < present; ++j) strip[j] = to_float(row[j]);
    return;
  }
  constexpr int64_t kNear = 16;  // inner elements that lie in one or two cache lines
  for (int64_t p = 0; p < product.inner; p += kNear)
    for (int64_t j = 0; j < present; ++j) {
      const T* row = product.b + (column + j) * product.b_stride;
      const int64_t end = smaller(p + kNear, product.inner);
      for (int64_t i = p; i < end; ++i) strip[i * kStripColumns + j] = to_float(row[i]);
    }
}

template <typename T>
void pack_panels(const MatrixProduct<T>& product, T* panels, int64_t begin, int64_t end) {
  for (int64_t column = begin * kPanelColumns; column < end * kPanelColumns; column += kStripColumns)
    pack_strip(product, column, reinterpret_cast<float*>(panels) + column * product.inner);
}

// Rows `row` to `row_end` and inner elements `first` to `first + count` of A; a last tile is filled up with zeros.
template <typename T>
void copy_tiles(const MatrixProduct<T>& product, int64_t row, int64_t row_end, int64_t first, int64_t count,
                float* copy) {
  const int64_t row_step = product.a_transposed ? 1 : product.a_stride,
                inner_step = product.a_transposed ? product.a_stride : 1;
  for (int64_t i = row; i < row_end; i += kStripRows, copy += count * kStripRows) {
    const T* at = product.a + i * row_step + first * inner_step;
    if (i + kStripRows <= row_end) {
      for (int64_t p = 0; p < count; ++p)
#pragma GCC unroll 6
        for (int64_t r = 0; r < kStripRows; ++r)
          copy[p * kStripRows + r] = to_float(at[r * row_step + p * inner_step]);
      continue;
    }
    for (int64_t p = 0; p < count; ++p)
      for (int64_t r = 0; r < kStripRows; ++r)
        copy[p * kStripRows + r] = i + r < row_end ? to_float(at[r * row_step + p * inner_step]) : 0;
  }
}

// kStripRows x kStripColumns sums over `count` inner elements; `sums` holds those of the elements before, and gets them.
[[gnu::always_inline]] inline void multiply_tile(const float* a, const float* b, int64_t count, bool is_first,
                                                 float* sums) {
  VecF tile[kStripRows][2];
#pragma GCC unroll 6
  for (int i = 0; i < kStripRows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j)
      tile[i][j] = is_first ? VecF{} : *reinterpret_cast<const VecF*>(sums + i * kStripColumns + j * kLanes);
  for (int64_t p = 0; p < count; ++p, a += kStripRows, b += kStripColumns) {
    const VecF left = *reinterpret_cast<const VecF*>(b), right = *reinterpret_cast<const VecF*>(b + kLanes);
#pragma GCC unroll 6
    for (int i = 0; i < kStripRows; ++i) {
      tile[i][0] += a[i] * left;
      tile[i][1] += a[i] * right;
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < kStripRows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) *reinterpret_cast<VecF*>(sums + i * kStripColumns + j * kLanes) = tile[i][j];
}

// Sums of a tile into their places in C, `columns` of each row.
template <typename T, typename Columns>
[[gnu::always_inline]] inline void put_tile(const MatrixProduct<T>& product, int64_t row, int64_t rows, int64_t column,
                                            Columns columns, const float* sums) {
  for (int64_t i = 0; i < rows; ++i, sums += kStripColumns) {
    const int64_t at = (row + i) * product.columns + column;
    if (product.sum != nullptr) {
      for (int64_t j = 0; j < columns; ++j) product.sum[at + j] += sums[j];
    } else if (product.bias != nullptr) {
      for (int64_t j = 0; j < columns; ++j)
        product.out[at + j] = from_float<T>(sums[j] + to_float(product.bias[column + j]));
    } else {
      for (int64_t j = 0; j < columns; ++j) product.out[at + j] = from_float<T>(sums[j]);
    }
  }
}

struct WholeStrip {
  constexpr operator int64_t() const { return kStripColumns; }
};

template <typename T>
void multiply_panels(const MatrixProduct<T>& product, const T* panels, const ProductBlock& block, void* scratch) {
  const float* const strips = reinterpret_cast<const float*>(panels);
  float *const copy = static_cast<float*>(scratch), *const all_sums = copy + kCopiedRows * block.words_at_once;
  const int64_t column_begin = block.panel_begin * kPanelColumns,
                column_end = smaller(block.panel_end * kPanelColumns, product.columns);
  const bool has_parts = product.inner > block.words_at_once;
  for (int64_t group = block.row_begin; group < block.row_end; group += kCopiedRows) {
    const int64_t group_end = smaller(group + kCopiedRows, block.row_end);
    for (int64_t first = 0; first < product.inner; first += block.words_at_once) {
      const int64_t count = smaller(block.words_at_once, product.inner - first);
      copy_tiles(product, group, group_end, first, count, copy);
      for (int64_t column = column_begin; column < column_end; column += kStripColumns)
        for (int64_t row = group; row < group_end; row += kStripRows) {
          float* sums = all_sums;
          if (has_parts) sums += (column - column_begin) * kCopiedRows + (row - group) * kStripColumns;
          multiply_tile(copy + (row - group) * count, strips + column * product.inner + first * kStripColumns, count,
                        first == 0, sums);
          if (first + count < product.inner) continue;
          const int64_t rows = smaller(kStripRows, group_end - row), columns = column_end - column;
          if (columns >= kStripColumns)
            put_tile(product, row, rows, column, WholeStrip{}, sums);
          else
            put_tile(product, row, rows, column, columns, sums);
        }
    }
  }
}
#endif
