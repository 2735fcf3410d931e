// Attention of one head of one sequence, forward and backward, without ever storing an S x S matrix: queries are taken
// in blocks of kQueryBlock, scores live in scratch that fits the second-level cache, and the backward pass computes
// them again from q, k and the saved logarithms of the sums. Included by variant.cpp inside an anonymous namespace.

constexpr int64_t kQueryBlock = 64;

constexpr int64_t round_up(int64_t x, int64_t multiple) { return (x + multiple - 1) / multiple * multiple; }

template <typename T>
struct OperandOf {
  using Type = Operand16;
};
template <>
struct OperandOf<float> {
  using Type = float;
};

// Hands out pieces of the scratch, each aligned to 64 bytes.
struct Scratch {
  uint8_t* next;
  template <typename E>
  E* take(int64_t count) {
    E* piece = reinterpret_cast<E*>(next);
    next += round_up(count * static_cast<int64_t>(sizeof(E)), 64);
    return piece;
  }
};

template <typename E>
void clear(E* values, int64_t count) {
  __builtin_memset(static_cast<void*>(values), 0, static_cast<unsigned long>(count) * sizeof(E));
}

template <typename E, typename T>
[[gnu::always_inline]] inline E convert(T x) {
  if constexpr (sizeof(E) == sizeof(T))
    return x;
  else
    return from_float<E>(to_float(x));
}

// Two bfloat16 values as the 32 bits of a pair, the first in the low half.
[[gnu::always_inline]] inline uint32_t make_pair(Bf16 low, Bf16 high) {
  return static_cast<uint32_t>(low.bits) | static_cast<uint32_t>(high.bits) << 16;
}

// A operand: rows of T become [padded_rows, padded_width] elements.
template <typename E, typename T>
void pack_rows(const T* rows, int64_t stride, int64_t count, int64_t width, E* out, int64_t padded_rows,
               int64_t padded_width) {
  for (int64_t r = 0; r < count; ++r) {
    const T* row = rows + r * stride;
    E* packed = out + r * padded_width;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) packed[i] = convert<E>(row[i]);
    for (int64_t i = width; i < padded_width; ++i) packed[i] = E{};
  }
  clear(out + count * padded_width, (padded_rows - count) * padded_width);
}

// B operand of `rows` itself: K runs over the rows (padded_rows of them), N over the columns (padded_width).
template <typename E, typename T>
void pack_columns(const T* rows, int64_t stride, int64_t count, int64_t width, E* out, int64_t padded_rows,
                  int64_t padded_width) {
  if constexpr (sizeof(E) == 4) {
    pack_rows(rows, stride, count, width, out, padded_rows, padded_width);
  } else {
    uint32_t* pairs = reinterpret_cast<uint32_t*>(out);
    clear(out, padded_rows * padded_width);
    for (int64_t r = 0; r + 1 < count; r += 2) {
      const T *row = rows + r * stride, *below = row + stride;
      uint32_t* packed = pairs + (r / 2) * padded_width;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) packed[i] = make_pair(row[i], below[i]);
    }
    if (count % 2 != 0)
      for (int64_t i = 0; i < width; ++i)
        pairs[(count / 2) * padded_width + i] = make_pair(rows[(count - 1) * stride + i], Bf16{});
  }
}

// B operand of the transpose of `rows`: K runs over the width (padded_width), N over the rows (padded_count columns).
template <typename E, typename T>
void pack_transposed(const T* rows, int64_t stride, int64_t count, int64_t width, E* out, int64_t padded_count,
                     int64_t padded_width) {
  clear(out, padded_count * padded_width);
  for (int64_t r = 0; r < count; ++r) {
    const T* row = rows + r * stride;
    if constexpr (sizeof(E) == 4) {
      for (int64_t i = 0; i < width; ++i) out[i * padded_count + r] = to_float(row[i]);
    } else {
      uint32_t* pairs = reinterpret_cast<uint32_t*>(out);
      for (int64_t i = 0; i + 1 < width; i += 2) pairs[(i / 2) * padded_count + r] = make_pair(row[i], row[i + 1]);
      if (width % 2 != 0) pairs[(width / 2) * padded_count + r] = make_pair(row[width - 1], Bf16{});
    }
  }
}

// Turns one row of scores into probabilities times the sum of exponentials, dropped out, as the A operand of the
// product with v. Returns the sum and writes the logarithm.
template <typename E>
[[gnu::always_inline]] inline float softmax_row(const float* scores, int64_t length, int64_t padded, float scale,
                                                uint32_t key, uint32_t threshold, float keep_scale, float* exponentials,
                                                E* out, float* log_sum) {
  float highest = scores[0];
#pragma omp simd reduction(max : highest)
  for (int64_t j = 0; j < length; ++j) highest = scores[j] > highest ? scores[j] : highest;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < length; ++j) {
    const float e = exp_approximate((scores[j] - highest) * scale);
    exponentials[j] = e;
    sum += e;
  }
  if (threshold) {
#pragma omp simd
    for (int64_t j = 0; j < length; ++j)
      out[j] = from_float<E>(is_kept(key, static_cast<uint32_t>(j), threshold) ? exponentials[j] * keep_scale : 0.0f);
  } else {
#pragma omp simd
    for (int64_t j = 0; j < length; ++j) out[j] = from_float<E>(exponentials[j]);
  }
  for (int64_t j = length; j < padded; ++j) out[j] = E{};
  *log_sum = highest * scale + __builtin_logf(sum);
  return sum;
}

template <typename T>
void attention_forward(const AttentionHead<T>& a, void* memory) {
  using E = typename OperandOf<T>::Type;
  [[maybe_unused]] TileScope tiles;
  const int64_t S = a.length, D = a.width;
  const int64_t width_k = round_up(D, kPadK), width_n = round_up(D, 16), length_k = round_up(S, kPadK),
                length_n = round_up(S, 16);
  Scratch scratch{static_cast<uint8_t*>(memory)};
  E* k_transposed = scratch.take<E>(width_k * length_n);
  E* v_columns = scratch.take<E>(length_k * width_n);
  E* q_rows = scratch.take<E>(kQueryBlock * width_k);
  E* probabilities = scratch.take<E>(kQueryBlock * length_k);
  float* scores = scratch.take<float>(kQueryBlock * length_n);
  float* exponentials = scratch.take<float>(length_n);
  float* result = scratch.take<float>(kQueryBlock * width_n);
  pack_transposed(a.k, a.stride, S, D, k_transposed, length_n, width_k);
  pack_columns(a.v, a.stride, S, D, v_columns, length_k, width_n);
  for (int64_t first = 0; first < S; first += kQueryBlock) {
    const int64_t rows = S - first < kQueryBlock ? S - first : kQueryBlock, padded_rows = round_up(rows, kPadM);
    pack_rows(a.q + first * a.stride, a.stride, rows, D, q_rows, padded_rows, width_k);
    multiply(padded_rows, length_n, width_k, q_rows, width_k, k_transposed, length_n, scores, length_n, false);
    float inverse_sums[kQueryBlock];
    for (int64_t i = 0; i < rows; ++i) {
      const uint32_t key = a.drop_threshold ? dropout_row_key(a.row_keys[first + i], a.site) : 0;
      inverse_sums[i] =
          1.0f / softmax_row(scores + i * length_n, S, length_k, a.scale, key, a.drop_threshold, a.keep_scale,
                             exponentials, probabilities + i * length_k, a.log_sum + first + i);
    }
    clear(probabilities + rows * length_k, (padded_rows - rows) * length_k);
    multiply(padded_rows, width_n, length_k, probabilities, length_k, v_columns, width_n, result, width_n, false);
    for (int64_t i = 0; i < rows; ++i) {
      T* out = a.out + (first + i) * a.out_stride;
      const float inverse = inverse_sums[i];
#pragma omp simd
      for (int64_t d = 0; d < D; ++d) out[d] = from_float<T>(result[i * width_n + d] * inverse);
    }
  }
}

// What a block of queries contributes to the elements (key j, query i): probabilities after dropout, and the gradient
// of the scores.
template <typename E>
struct ScoreGradients {
  const float *scores, *grad_probabilities;  // [S, columns]
  const float *log_sums, *inner;             // [columns]
  const uint32_t* keys;                      // [columns]
  int64_t columns, columns_k;                // queries of the block, padded as N and as K
  float scale, keep_scale;
  uint32_t threshold;
  E *dropped, *grad_rows;  // A operands [S, columns_k]
};

template <typename E>
void compute_score_gradients(const ScoreGradients<E>& g, int64_t j) {
  const float *scores = g.scores + j * g.columns, *grad = g.grad_probabilities + j * g.columns;
  E *dropped = g.dropped + j * g.columns_k, *grad_rows = g.grad_rows + j * g.columns_k;
  const uint32_t threshold = g.threshold;
#pragma omp simd
  for (int64_t i = 0; i < g.columns; ++i) {
    const float p = exp_approximate(scores[i] * g.scale - g.log_sums[i]);
    const float keep = is_kept(g.keys[i], static_cast<uint32_t>(j), threshold) ? g.keep_scale : 0.0f;
    dropped[i] = from_float<E>(p * keep);
    grad_rows[i] = from_float<E>(p * (grad[i] * keep - g.inner[i]) * g.scale);
  }
  for (int64_t i = g.columns; i < g.columns_k; ++i) dropped[i] = grad_rows[i] = E{};
}

template <typename T>
void store_rows(const float* rows, int64_t row_width, int64_t count, int64_t width, T* out, int64_t stride) {
  for (int64_t r = 0; r < count; ++r)
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) out[r * stride + i] = from_float<T>(rows[r * row_width + i]);
}

template <typename T>
void attention_backward(const AttentionHead<T>& a, void* memory) {
  using E = typename OperandOf<T>::Type;
  [[maybe_unused]] TileScope tiles;
  const int64_t S = a.length, D = a.width;
  const int64_t width_k = round_up(D, kPadK), width_n = round_up(D, 16), width_m = round_up(D, kPadM);
  const int64_t length_k = round_up(S, kPadK), length_m = round_up(S, kPadM);
  constexpr int64_t kColumns = kQueryBlock;  // a multiple of 32
  Scratch scratch{static_cast<uint8_t*>(memory)};
  E* k_rows = scratch.take<E>(length_m * width_k);
  E* v_rows = scratch.take<E>(length_m * width_k);
  E* k_transposed = scratch.take<E>(width_m * length_k);
  E* q_transposed = scratch.take<E>(width_k * kColumns);
  E* grad_transposed = scratch.take<E>(width_k * kColumns);
  E* q_columns = scratch.take<E>(kColumns * width_n);
  E* grad_columns = scratch.take<E>(kColumns * width_n);
  E* dropped = scratch.take<E>(length_m * kColumns);
  E* grad_rows = scratch.take<E>(length_m * kColumns);
  E* grad_pairs = scratch.take<E>(length_k * kColumns);
  float* scores = scratch.take<float>(length_m * kColumns);
  float* grad_probabilities = scratch.take<float>(length_m * kColumns);
  float* grad_k = scratch.take<float>(length_m * width_n);
  float* grad_v = scratch.take<float>(length_m * width_n);
  float* grad_q_transposed = scratch.take<float>(width_m * kColumns);
  pack_rows(a.k, a.stride, S, D, k_rows, length_m, width_k);
  pack_rows(a.v, a.stride, S, D, v_rows, length_m, width_k);
  clear(k_transposed, width_m * length_k);
  for (int64_t j = 0; j < S; ++j)
    for (int64_t d = 0; d < D; ++d) k_transposed[d * length_k + j] = k_rows[j * width_k + d];
  clear(dropped, length_m * kColumns);  // rows of padding keys stay finite
  clear(grad_rows, length_m * kColumns);
  for (int64_t first = 0; first < S; first += kColumns) {
    const int64_t rows = S - first < kColumns ? S - first : kColumns, columns = round_up(rows, 16),
                  columns_k = round_up(columns, kPadK);
    const T *q = a.q + first * a.stride, *grad_out = a.grad_out + first * a.out_stride,
            *out = a.out + first * a.out_stride;
    pack_transposed(q, a.stride, rows, D, q_transposed, columns, width_k);
    pack_transposed(grad_out, a.out_stride, rows, D, grad_transposed, columns, width_k);
    pack_columns(q, a.stride, rows, D, q_columns, columns_k, width_n);
    pack_columns(grad_out, a.out_stride, rows, D, grad_columns, columns_k, width_n);
    multiply(length_m, columns, width_k, k_rows, width_k, q_transposed, columns, scores, columns, false);
    multiply(length_m, columns, width_k, v_rows, width_k, grad_transposed, columns, grad_probabilities, columns, false);
    alignas(64) float log_sums[kColumns], inner[kColumns];
    alignas(64) uint32_t keys[kColumns];
    for (int64_t i = 0; i < columns; ++i) {
      float product = 0;
      if (i < rows) {
#pragma omp simd reduction(+ : product)
        for (int64_t d = 0; d < D; ++d)
          product += to_float(grad_out[i * a.out_stride + d]) * to_float(out[i * a.out_stride + d]);
      }
      inner[i] = product;
      log_sums[i] = i < rows ? a.log_sum[first + i] : 1e30f;  // exp of a padding query is 0
      keys[i] = i < rows && a.drop_threshold ? dropout_row_key(a.row_keys[first + i], a.site) : 0;
    }
    const ScoreGradients<E> g{scores,  grad_probabilities, log_sums,         inner,   keys,     columns, columns_k,
                              a.scale, a.keep_scale,       a.drop_threshold, dropped, grad_rows};
    for (int64_t j = 0; j < S; ++j) compute_score_gradients(g, j);
    pack_columns(grad_rows, columns_k, S, columns, grad_pairs, length_k, columns);
    multiply(length_m, width_n, columns_k, dropped, columns_k, grad_columns, width_n, grad_v, width_n, first > 0);
    multiply(length_m, width_n, columns_k, grad_rows, columns_k, q_columns, width_n, grad_k, width_n, first > 0);
    multiply(width_m, columns, length_k, k_transposed, length_k, grad_pairs, columns, grad_q_transposed, columns,
             false);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t d = 0; d < D; ++d)
        a.grad_q[(first + i) * a.stride + d] = from_float<T>(grad_q_transposed[d * columns + i]);
  }
  store_rows(grad_k, width_n, S, D, a.grad_k, a.stride);
  store_rows(grad_v, width_n, S, D, a.grad_v, a.stride);
}
