// Layer norm of one row: statistics and backward pass, which add_norm.inl and embedding.inl share.
// isa_kernels.cpp includes this file inside an anonymous namespace.

struct Statistics {
  float mean, rstd;
};

inline Statistics row_statistics(const float* row, int64_t width, float epsilon) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < width; ++i) sum += row[i];
  const float mean = sum / static_cast<float>(width);
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < width; ++i) squares += (row[i] - mean) * (row[i] - mean);
  return {mean, 1.0f / __builtin_sqrtf(squares / static_cast<float>(width) + epsilon)};
}

// Writes the gradient of a normalized row to row_dz, given x_hat: dz = rstd * (g*gamma - mean(g*gamma) -
// x_hat * mean(g*gamma*x_hat)). Adds to the gradient sums of gamma and beta.
inline void norm_row_backward(const float* grad, const float* x_hat, const float* gamma, float rstd, int64_t width,
                              float* row_dz, float* sum_gamma, float* sum_beta) {
  float sum = 0, product = 0;
#pragma omp simd reduction(+ : sum, product)
  for (int64_t i = 0; i < width; ++i) {
    const float scaled = grad[i] * gamma[i];
    sum += scaled;
    product += scaled * x_hat[i];
    sum_gamma[i] += grad[i] * x_hat[i];
    sum_beta[i] += grad[i];
  }
  const float mean = sum / static_cast<float>(width), mean_product = product / static_cast<float>(width);
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) row_dz[i] = rstd * (grad[i] * gamma[i] - mean - x_hat[i] * mean_product);
}
