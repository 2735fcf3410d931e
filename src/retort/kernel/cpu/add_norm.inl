// layer_norm(residual + dropout(y + bias)) over rows, forward and backward. isa_kernels.cpp includes this file inside
// an anonymous namespace.

template <typename T>
void add_norm_forward(const AddNormForward<T>& a, int64_t begin, int64_t end) {
  alignas(64) float row[kMaxNormWidth];
  const int64_t width = a.width;
  for (int64_t r = begin; r < end; ++r) {
    const T* y = a.y + r * width;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) row[i] = to_float(y[i]);
    if (a.bias) {
      const float* bias = a.bias;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) row[i] += bias[i];
    }
    if (a.drop_threshold) {
      const uint32_t key = dropout_row_key(a.row_keys[r], a.site), threshold = a.drop_threshold;
      const float keep_scale = a.keep_scale;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i)
        row[i] = is_kept(key, static_cast<uint32_t>(i), threshold) ? row[i] * keep_scale : 0.0f;
    }
    if (a.residual) {
      const T* residual = a.residual + r * width;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) row[i] += to_float(residual[i]);
    }
    if (a.z) {
      T* z = a.z + r * width;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) z[i] = from_float<T>(row[i]);
    }
    // The statistics are those of the rounded row that the backward pass reads. An evaluation, which saves nothing,
    // rounds too, so it gives the same result.
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) row[i] = to_float(from_float<T>(row[i]));
    const Statistics s = row_statistics(row, width, a.epsilon);
    T* out = a.out + r * width;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) out[i] = from_float<T>((row[i] - s.mean) * s.rstd * a.gamma[i] + a.beta[i]);
    if (a.mean) a.mean[r] = s.mean, a.rstd[r] = s.rstd;
  }
}

template <typename T>
void add_norm_backward(const AddNormBackward<T>& a, float* partial, int64_t begin, int64_t end) {
  alignas(64) float grad[kMaxNormWidth], x_hat[kMaxNormWidth], dz[kMaxNormWidth];
  const int64_t width = a.width;
  float* sum_bias = partial;
  for (int64_t r = begin; r < end; ++r) {
    const float mean = a.mean[r], rstd = a.rstd[r];
    const T *grad_out = a.grad_out + r * width, *z = a.z + r * width;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) {
      grad[i] = to_float(grad_out[i]);
      x_hat[i] = (to_float(z[i]) - mean) * rstd;
    }
    norm_row_backward(grad, x_hat, a.gamma, rstd, width, dz, partial + width, partial + 2 * width);
    if (a.grad_residual) {
      T* grad_residual = a.grad_residual + r * width;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) grad_residual[i] = from_float<T>(dz[i]);
    }
    if (a.drop_threshold) {
      const uint32_t key = dropout_row_key(a.row_keys[r], a.site), threshold = a.drop_threshold;
      const float keep_scale = a.keep_scale;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i)
        dz[i] = is_kept(key, static_cast<uint32_t>(i), threshold) ? dz[i] * keep_scale : 0.0f;
    }
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) sum_bias[i] += dz[i];
    if (a.grad_y != a.grad_residual) {
      T* grad_y = a.grad_y + r * width;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) grad_y[i] = from_float<T>(dz[i]);
    }
  }
}
