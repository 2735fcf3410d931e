// dropout(layer_norm(word + position + segment)) over rows, forward and backward.
// isa_kernels.cpp includes this file inside an anonymous namespace.

// The sum of the embeddings of row r, and its statistics.
template <typename T>
[[gnu::always_inline]] inline Statistics embedding_sum(const EmbedForward<T>& a, int64_t r, float* row) {
  const int64_t width = a.width;
  const float *word = a.word + a.ids[r] * width, *position = a.position + a.positions[r] * width;
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) row[i] = word[i] + position[i];
  if (a.segment) {
    const float* segment = a.segment + a.segments[r] * width;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) row[i] += segment[i];
  }
  return row_statistics(row, width, a.epsilon);
}

template <typename T>
void embed_forward(const EmbedForward<T>& a, int64_t begin, int64_t end) {
  alignas(64) float row[kMaxNormWidth];
  const int64_t width = a.width;
  for (int64_t r = begin; r < end; ++r) {
    const Statistics s = embedding_sum(a, r, row);
    T* out = a.out + r * width;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) row[i] = (row[i] - s.mean) * s.rstd * a.gamma[i] + a.beta[i];
    if (a.drop_threshold) {
      const uint32_t key = dropout_row_key(a.row_keys[r], a.site), threshold = a.drop_threshold;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i)
        row[i] = is_kept(key, static_cast<uint32_t>(i), threshold) ? row[i] * a.keep_scale : 0.0f;
    }
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) out[i] = from_float<T>(row[i]);
  }
}

template <typename T>
void embed_backward(const EmbedBackward<T>& b, float* partial, int64_t begin, int64_t end) {
  alignas(64) float grad[kMaxNormWidth], x_hat[kMaxNormWidth];
  const EmbedForward<T>& a = b.forward;
  const int64_t width = a.width;
  for (int64_t r = begin; r < end; ++r) {
    const Statistics s = embedding_sum(a, r, x_hat);
    const T* grad_out = b.grad_out + r * width;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) {
      grad[i] = to_float(grad_out[i]);
      x_hat[i] = (x_hat[i] - s.mean) * s.rstd;
    }
    if (a.drop_threshold) {
      const uint32_t key = dropout_row_key(a.row_keys[r], a.site), threshold = a.drop_threshold;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i)
        grad[i] = is_kept(key, static_cast<uint32_t>(i), threshold) ? grad[i] * a.keep_scale : 0.0f;
    }
    norm_row_backward(grad, x_hat, a.gamma, s.rstd, width, b.grad_sum + r * width, partial + width,
                      partial + 2 * width);
  }
}
