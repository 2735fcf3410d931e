// Attention of one head of one sequence, forward and backward, in the manner of FlashAttention: no S x S matrix is
// stored. Queries are taken in blocks of kQueryBlock, their scores stay in scratch memory that fits the L2 cache, and
// the backward pass computes the scores again from q, k and the saved log-sum-exp. isa_kernels.cpp includes this file
// inside an anonymous namespace.

constexpr int64_t kQueryBlock = 64;  // rows of q

// Turns one row of scores into exponentials, applies dropout to them, and writes them as operand A of the matmul with
// v. Returns their sum before dropout, by which the caller divides, and writes the log-sum-exp.
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
  [[maybe_unused]] AmxTileScope tiles;
  const int64_t S = a.length, D = a.width;
  const int64_t width_k = round_up(D, kPadK), width_n = round_up(D, 16), length_k = round_up(S, kPadK),
                length_n = round_up(S, 16);
  ScratchArena scratch{static_cast<uint8_t*>(memory)};
  E* k_transposed = scratch.take<E>(width_k * length_n);
  E* v_columns = scratch.take<E>(length_k * width_n);
  E* q_rows = scratch.take<E>(kQueryBlock * width_k);
  E* probabilities = scratch.take<E>(kQueryBlock * length_k);
  float* scores = scratch.take<float>(kQueryBlock * length_n);
  float* exponentials = scratch.take<float>(length_n);
  float* result = scratch.take<float>(kQueryBlock * width_n);
  pack_b_transposed(a.k, a.stride, S, D, k_transposed, length_n, width_k);
  pack_b(a.v, a.stride, S, D, v_columns, length_k, width_n);
  for (int64_t first = 0; first < S; first += kQueryBlock) {
    const int64_t rows = S - first < kQueryBlock ? S - first : kQueryBlock, padded_rows = round_up(rows, kPadM);
    pack_a(a.q + first * a.stride, a.stride, rows, D, q_rows, padded_rows, width_k);
    gemm(padded_rows, length_n, width_k, q_rows, width_k, k_transposed, length_n, scores, length_n,
         Accumulation::kOverwrite);
    float inverse_sums[kQueryBlock];
    for (int64_t i = 0; i < rows; ++i) {
      const uint32_t key = a.drop_threshold ? dropout_row_key(a.row_keys[first + i], a.site) : 0;
      inverse_sums[i] =
          1.0f / softmax_row(scores + i * length_n, S, length_k, a.scale, key, a.drop_threshold, a.keep_scale,
                             exponentials, probabilities + i * length_k, a.log_sum + first + i);
    }
    clear(probabilities + rows * length_k, (padded_rows - rows) * length_k);
    gemm(padded_rows, width_n, length_k, probabilities, length_k, v_columns, width_n, result, width_n,
         Accumulation::kOverwrite);
    for (int64_t i = 0; i < rows; ++i) {
      T* out = a.out + (first + i) * a.out_stride;
      const float inverse = inverse_sums[i];
#pragma omp simd
      for (int64_t d = 0; d < D; ++d) out[d] = from_float<T>(result[i * width_n + d] * inverse);
    }
  }
}

// A block of queries in the backward pass: for each key j and query i it gives the probability after dropout and the
// gradient of the score.
template <typename E>
struct ScoreGradients {
  const float *scores, *grad_probabilities;  // [S, columns]
  const float *log_sums, *inner;             // [columns]
  const uint32_t* keys;                      // [columns]
  int64_t columns, columns_k;                // queries of the block, padded as N and as K
  float scale, keep_scale;
  uint32_t threshold;
  E *dropped, *grad_rows;  // operands A [S, columns_k]
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
  [[maybe_unused]] AmxTileScope tiles;
  const int64_t S = a.length, D = a.width;
  const int64_t width_k = round_up(D, kPadK), width_n = round_up(D, 16), width_m = round_up(D, kPadM);
  const int64_t length_k = round_up(S, kPadK), length_m = round_up(S, kPadM);
  constexpr int64_t kColumns = kQueryBlock;  // a multiple of 32
  ScratchArena scratch{static_cast<uint8_t*>(memory)};
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
  pack_a(a.k, a.stride, S, D, k_rows, length_m, width_k);
  pack_a(a.v, a.stride, S, D, v_rows, length_m, width_k);
  clear(k_transposed, width_m * length_k);
  for (int64_t j = 0; j < S; ++j)
    for (int64_t d = 0; d < D; ++d) k_transposed[d * length_k + j] = k_rows[j * width_k + d];
  clear(dropped, length_m * kColumns);  // the rows of padding keys must be finite
  clear(grad_rows, length_m * kColumns);
  for (int64_t first = 0; first < S; first += kColumns) {
    const int64_t rows = S - first < kColumns ? S - first : kColumns, columns = round_up(rows, 16),
                  columns_k = round_up(columns, kPadK);
    const T *q = a.q + first * a.stride, *grad_out = a.grad_out + first * a.out_stride,
            *out = a.out + first * a.out_stride;
    pack_b_transposed(q, a.stride, rows, D, q_transposed, columns, width_k);
    pack_b_transposed(grad_out, a.out_stride, rows, D, grad_transposed, columns, width_k);
    pack_b(q, a.stride, rows, D, q_columns, columns_k, width_n);
    pack_b(grad_out, a.out_stride, rows, D, grad_columns, columns_k, width_n);
    gemm(length_m, columns, width_k, k_rows, width_k, q_transposed, columns, scores, columns, Accumulation::kOverwrite);
    gemm(length_m, columns, width_k, v_rows, width_k, grad_transposed, columns, grad_probabilities, columns,
         Accumulation::kOverwrite);
    alignas(64) float log_sums[kColumns], inner[kColumns];
    alignas(64) uint32_t keys[kColumns];
    for (int64_t i = 0; i < columns; ++i) {
      float dot = 0;
      if (i < rows) {
#pragma omp simd reduction(+ : dot)
        for (int64_t d = 0; d < D; ++d)
          dot += to_float(grad_out[i * a.out_stride + d]) * to_float(out[i * a.out_stride + d]);
      }
      inner[i] = dot;
      log_sums[i] = i < rows ? a.log_sum[first + i] : 1e30f;  // the probability of a padding query is then 0
      keys[i] = i < rows && a.drop_threshold ? dropout_row_key(a.row_keys[first + i], a.site) : 0;
    }
    const ScoreGradients<E> g{scores,  grad_probabilities, log_sums,         inner,   keys,     columns, columns_k,
                              a.scale, a.keep_scale,       a.drop_threshold, dropped, grad_rows};
    for (int64_t j = 0; j < S; ++j) compute_score_gradients(g, j);
    pack_b(grad_rows, columns_k, S, columns, grad_pairs, length_k, columns);
    gemm(length_m, width_n, columns_k, dropped, columns_k, grad_columns, width_n, grad_v, width_n,
         first > 0 ? Accumulation::kAdd : Accumulation::kOverwrite);
    gemm(length_m, width_n, columns_k, grad_rows, columns_k, q_columns, width_n, grad_k, width_n,
         first > 0 ? Accumulation::kAdd : Accumulation::kOverwrite);
    gemm(width_m, columns, length_k, k_transposed, length_k, grad_pairs, columns, grad_q_transposed, columns,
         Accumulation::kOverwrite);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t d = 0; d < D; ++d)
        a.grad_q[(first + i) * a.stride + d] = from_float<T>(grad_q_transposed[d * columns + i]);
  }
  store_rows(grad_k, width_n, S, D, a.grad_k, a.stride);
  store_rows(grad_v, width_n, S, D, a.grad_v, a.stride);
}
