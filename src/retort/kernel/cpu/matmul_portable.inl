// Matmul in float32 arithmetic for instruction sets without AVX-512, after the scheme of BLIS; isa_kernels.cpp includes
// this file inside an anonymous namespace. Packing widens bfloat16 numbers to float32, so both element types cost the
// same. B is packed into strips of NR columns, [K][NR], two vector registers wide; a panel holds a whole number of
// strips. A is packed in blocks of MC rows and KC elements of K, as tiles [KC][MR]. KC elements of a strip stay in the
// L1 cache while the micro-kernel goes over the tiles, and the tiles stay in the L2 cache while it goes over the
// strips.

#if RETORT_VECTOR_BYTES < 64
constexpr int64_t kMr = 6, kNr = 2 * kLanes;  // 12 vector registers of sums
static_assert(kPanelColumns % kNr == 0 && kMc % kMr == 0);

inline int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }

// Packs the NR columns of B from `column` on.
template <typename T>
void pack_strip(const Matmul<T>& matmul, int64_t column, float* strip) {
  const int64_t present = minimum(kNr, matmul.n - column);
  if (present < kNr)
    for (int64_t i = 0; i < matmul.k * kNr; ++i) strip[i] = 0;
  if (!matmul.b_transposed) {
    const T* row = matmul.b + column;
    for (int64_t p = 0; p < matmul.k; ++p, row += matmul.b_stride, strip += kNr)
      for (int64_t j = 0; j < present; ++j) strip[j] = to_float(row[j]);
    return;
  }
  constexpr int64_t kNear = 16;  // elements of a row, in one or two cache lines
  for (int64_t p = 0; p < matmul.k; p += kNear)
    for (int64_t j = 0; j < present; ++j) {
      const T* row = matmul.b + (column + j) * matmul.b_stride;
      const int64_t end = minimum(p + kNear, matmul.k);
      for (int64_t i = p; i < end; ++i) strip[i * kNr + j] = to_float(row[i]);
    }
}

// Packs the panels `begin` to `end` of B.
template <typename T>
void pack_b_panels(const Matmul<T>& matmul, T* panels, int64_t begin, int64_t end) {
  for (int64_t column = begin * kPanelColumns; column < end * kPanelColumns; column += kNr)
    pack_strip(matmul, column, reinterpret_cast<float*>(panels) + column * matmul.k);
}

// Packs the rows `row` to `row_end` of A and the elements `first` to `first + count` of K; zeros fill the last tile.
template <typename T>
void pack_a_block(const Matmul<T>& matmul, int64_t row, int64_t row_end, int64_t first, int64_t count, float* packed) {
  const int64_t row_step = matmul.a_transposed ? 1 : matmul.a_stride,
                k_step = matmul.a_transposed ? matmul.a_stride : 1;
  for (int64_t i = row; i < row_end; i += kMr, packed += count * kMr) {
    const T* at = matmul.a + i * row_step + first * k_step;
    if (i + kMr <= row_end) {
      for (int64_t p = 0; p < count; ++p)
#pragma GCC unroll 6
        for (int64_t r = 0; r < kMr; ++r) packed[p * kMr + r] = to_float(at[r * row_step + p * k_step]);
      continue;
    }
    for (int64_t p = 0; p < count; ++p)
      for (int64_t r = 0; r < kMr; ++r)
        packed[p * kMr + r] = i + r < row_end ? to_float(at[r * row_step + p * k_step]) : 0;
  }
}

// The micro-kernel: MR x NR sums over `count` elements of K, which continue the partial sums that `sums` holds.
[[gnu::always_inline]] inline void micro_kernel(const float* a, const float* b, int64_t count, bool is_first_block,
                                                float* sums) {
  VecF tile[kMr][2];
#pragma GCC unroll 6
  for (int i = 0; i < kMr; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j)
      tile[i][j] = is_first_block ? VecF{} : *reinterpret_cast<const VecF*>(sums + i * kNr + j * kLanes);
  for (int64_t p = 0; p < count; ++p, a += kMr, b += kNr) {
    const VecF left = *reinterpret_cast<const VecF*>(b), right = *reinterpret_cast<const VecF*>(b + kLanes);
#pragma GCC unroll 6
    for (int i = 0; i < kMr; ++i) {
      tile[i][0] += a[i] * left;
      tile[i][1] += a[i] * right;
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < kMr; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) *reinterpret_cast<VecF*>(sums + i * kNr + j * kLanes) = tile[i][j];
}

// Accumulates `columns` sums of each row of a tile into C, or adds the bias and stores them in the element type.
template <typename T, typename Columns>
[[gnu::always_inline]] inline void epilogue(const Matmul<T>& matmul, int64_t row, int64_t rows, int64_t column,
                                            Columns columns, const float* sums) {
  for (int64_t i = 0; i < rows; ++i, sums += kNr) {
    const int64_t at = (row + i) * matmul.n + column;
    if (matmul.sum != nullptr) {
      for (int64_t j = 0; j < columns; ++j) matmul.sum[at + j] += sums[j];
    } else if (matmul.bias != nullptr) {
      for (int64_t j = 0; j < columns; ++j)
        matmul.out[at + j] = from_float<T>(sums[j] + to_float(matmul.bias[column + j]));
    } else {
      for (int64_t j = 0; j < columns; ++j) matmul.out[at + j] = from_float<T>(sums[j]);
    }
  }
}

struct FullWidth {
  constexpr operator int64_t() const { return kNr; }
};

// Computes one block of C: the loops around the micro-kernel.
template <typename T>
void macro_kernel(const Matmul<T>& matmul, const T* panels, const MatmulBlock& block, void* scratch) {
  const float* const strips = reinterpret_cast<const float*>(panels);
  float *const packed = static_cast<float*>(scratch), *const partial_sums = packed + kMc * block.kc;
  const int64_t column_begin = block.panel_begin * kPanelColumns,
                column_end = minimum(block.panel_end * kPanelColumns, matmul.n);
  const bool has_several_blocks = matmul.k > block.kc;
  for (int64_t mc_begin = block.row_begin; mc_begin < block.row_end; mc_begin += kMc) {
    const int64_t mc_end = minimum(mc_begin + kMc, block.row_end);
    for (int64_t first = 0; first < matmul.k; first += block.kc) {
      const int64_t count = minimum(block.kc, matmul.k - first);
      pack_a_block(matmul, mc_begin, mc_end, first, count, packed);
      for (int64_t column = column_begin; column < column_end; column += kNr)
        for (int64_t row = mc_begin; row < mc_end; row += kMr) {
          float* sums = partial_sums;
          if (has_several_blocks) sums += (column - column_begin) * kMc + (row - mc_begin) * kNr;
          micro_kernel(packed + (row - mc_begin) * count, strips + column * matmul.k + first * kNr, count, first == 0,
                       sums);
          if (first + count < matmul.k) continue;
          const int64_t rows = minimum(kMr, mc_end - row), columns = column_end - column;
          if (columns >= kNr)
            epilogue(matmul, row, rows, column, FullWidth{}, sums);
          else
            epilogue(matmul, row, rows, column, columns, sums);
        }
    }
  }
}
#endif
