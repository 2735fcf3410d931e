// The loops on rows, in plain C++ that the compiler vectorizes; included by variant.cpp inside an anonymous namespace.
// Statistics and sums are in float; T is float or Bf16.

constexpr int64_t kMaxWidth = 8192;  // columns of a normalized row held on the stack

[[gnu::always_inline]] inline float to_float(float x) { return x; }
[[gnu::always_inline]] inline float to_float(Bf16 x) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(x.bits) << 16);
}
template <typename T>
[[gnu::always_inline]] inline T from_float(float x);
template <>
[[gnu::always_inline]] inline float from_float<float>(float x) {
  return x;
}
// Rounds to nearest even; a NaN stays a NaN because its payload's upper bits are kept non-zero by the carry-free case.
template <>
[[gnu::always_inline]] inline Bf16 from_float<Bf16>(float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  const bool is_nan = (bits & 0x7FFFFFFFu) > 0x7F800000u;
  return Bf16{static_cast<uint16_t>(is_nan ? 0x7FC0u : rounded)};
}

// e^x by range reduction and the degree-6 polynomial of Cephes expf; relative error below 2e-7, 0 below -87.3.
[[gnu::always_inline]] inline float exp_approximate(float x) {
  const float clamped = x < -87.33654f ? -87.33654f : (x > 88.02f ? 88.02f : x);
  const float n = (clamped * 1.44269504089f + 12582912.0f) - 12582912.0f;
  const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float y = 1.9875691500e-4f;
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * (r * r) + r + 1.0f;
  const int32_t exponent = (static_cast<int32_t>(n) + 127) << 23;
  const float result = y * __builtin_bit_cast(float, exponent);
  return x < -87.33654f ? 0.0f : result;
}

[[gnu::always_inline]] inline float tanh_approximate(float x) {
  const float magnitude = x < 0 ? -x : x;
  const float t = 1.0f - 2.0f / (exp_approximate(2.0f * magnitude) + 1.0f);
  return x < 0 ? -t : t;
}

// Phi(x), the normal distribution function, and e^(-x*x/2): erf by Abramowitz and Stegun 7.1.26 (error below 1.5e-7).
[[gnu::always_inline]] inline float normal_cdf(float x, float& gaussian) {
  const float z = (x < 0 ? -x : x) * 0.70710678118f;
  const float t = 1.0f / (1.0f + 0.3275911f * z);
  gaussian = exp_approximate(-z * z);
  const float tail = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) *
                     t * gaussian * 0.5f;
  return x < 0 ? tail : 1.0f - tail;
}

template <Activation kActivation>
[[gnu::always_inline]] inline float activate(float x) {
  if constexpr (kActivation == Activation::kGeluErf) {
    float gaussian;
    return x * normal_cdf(x, gaussian);
  } else if constexpr (kActivation == Activation::kGeluTanh) {
    return 0.5f * x * (1.0f + tanh_approximate(0.79788456080f * (x + 0.044715f * x * x * x)));
  } else if constexpr (kActivation == Activation::kRelu) {
    return x > 0 ? x : 0.0f;
  } else if constexpr (kActivation == Activation::kSwish) {
    return x / (1.0f + exp_approximate(-x));
  } else {
    return tanh_approximate(x);
  }
}

template <Activation kActivation>
[[gnu::always_inline]] inline float activation_slope(float x) {
  if constexpr (kActivation == Activation::kGeluErf) {
    float gaussian;
    const float cdf = normal_cdf(x, gaussian);
    return cdf + x * gaussian * 0.39894228040f;
  } else if constexpr (kActivation == Activation::kGeluTanh) {
    const float t = tanh_approximate(0.79788456080f * (x + 0.044715f * x * x * x));
    return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * 0.79788456080f * (1.0f + 0.134145f * x * x);
  } else if constexpr (kActivation == Activation::kRelu) {
    return x > 0 ? 1.0f : 0.0f;
  } else if constexpr (kActivation == Activation::kSwish) {
    const float s = 1.0f / (1.0f + exp_approximate(-x));
    return s * (1.0f + x * (1.0f - s));
  } else {
    const float t = tanh_approximate(x);
    return 1.0f - t * t;
  }
}

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

// Gradient of a normalized row: dz = rstd * (g*gamma - mean(g*gamma) - x_hat * mean(g*gamma*x_hat)), written to row_dz;
// x_hat is given. Adds to the sums of gamma and beta.
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

template <typename T>
void add_norm_forward(const AddNormForward<T>& a, int64_t begin, int64_t end) {
  alignas(64) float row[kMaxWidth];
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
    // Statistics of what the backward pass will see, also when nothing is saved: both ways then give the same result.
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
  alignas(64) float grad[kMaxWidth], x_hat[kMaxWidth], dz[kMaxWidth];
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

template <typename T, Activation kActivation>
void activation_rows_forward(const BiasActivation<T>& a, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    const T* x = a.x + r * a.width;
    T* out = a.out + r * a.width;
    const float* bias = a.bias;
#pragma omp simd
    for (int64_t i = 0; i < a.width; ++i) out[i] = from_float<T>(activate<kActivation>(to_float(x[i]) + bias[i]));
  }
}

template <typename T, Activation kActivation>
void activation_rows_backward(const BiasActivation<T>& a, float* partial, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    const T *x = a.x + r * a.width, *grad_out = a.grad_out + r * a.width;
    T* grad_x = a.grad_x + r * a.width;
    const float* bias = a.bias;
#pragma omp simd
    for (int64_t i = 0; i < a.width; ++i) {
      const float slope = to_float(grad_out[i]) * activation_slope<kActivation>(to_float(x[i]) + bias[i]);
      grad_x[i] = from_float<T>(slope);
      partial[i] += slope;
    }
  }
}

template <typename T>
void bias_activation_forward(const BiasActivation<T>& a, int64_t begin, int64_t end) {
  switch (a.activation) {
    case Activation::kGeluErf:
      return activation_rows_forward<T, Activation::kGeluErf>(a, begin, end);
    case Activation::kGeluTanh:
      return activation_rows_forward<T, Activation::kGeluTanh>(a, begin, end);
    case Activation::kRelu:
      return activation_rows_forward<T, Activation::kRelu>(a, begin, end);
    case Activation::kSwish:
      return activation_rows_forward<T, Activation::kSwish>(a, begin, end);
    case Activation::kTanh:
      return activation_rows_forward<T, Activation::kTanh>(a, begin, end);
  }
}

template <typename T>
void bias_activation_backward(const BiasActivation<T>& a, float* partial, int64_t begin, int64_t end) {
  switch (a.activation) {
    case Activation::kGeluErf:
      return activation_rows_backward<T, Activation::kGeluErf>(a, partial, begin, end);
    case Activation::kGeluTanh:
      return activation_rows_backward<T, Activation::kGeluTanh>(a, partial, begin, end);
    case Activation::kRelu:
      return activation_rows_backward<T, Activation::kRelu>(a, partial, begin, end);
    case Activation::kSwish:
      return activation_rows_backward<T, Activation::kSwish>(a, partial, begin, end);
    case Activation::kTanh:
      return activation_rows_backward<T, Activation::kTanh>(a, partial, begin, end);
  }
}

template <typename T>
void column_sum(const T* rows, int64_t width, float* partial, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    const T* row = rows + r * width;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) partial[i] += to_float(row[i]);
  }
}

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
  alignas(64) float row[kMaxWidth];
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
  alignas(64) float grad[kMaxWidth], x_hat[kMaxWidth];
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

// exp((x - highest) / T) of a row: what is needed to turn it into probabilities.
struct RowSoftmax {
  float highest, inverse_temperature, log_sum;

  [[gnu::always_inline]] float log_probability(float x) const { return (x - highest) * inverse_temperature - log_sum; }
  [[gnu::always_inline]] float probability(float x) const { return exp_approximate(log_probability(x)); }
};

template <typename T>
RowSoftmax row_softmax(const T* row, int64_t width, float temperature) {
  float highest = to_float(row[0]);
#pragma omp simd reduction(max : highest)
  for (int64_t i = 0; i < width; ++i) highest = to_float(row[i]) > highest ? to_float(row[i]) : highest;
  const float inverse = 1.0f / temperature;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < width; ++i) sum += exp_approximate((to_float(row[i]) - highest) * inverse);
  return {highest, inverse, __builtin_logf(sum)};
}

template <typename T>
void softmax_loss(const SoftmaxLossRows<T>& a, int64_t begin, int64_t end) {
  const int64_t width = a.width;
  for (int64_t r = begin; r < end; ++r) {
    const T *s = a.logits + r * width, *t = a.teacher + r * width;
    const int32_t label = a.labels ? a.labels[r] : -1;
    const bool is_hard = label >= 0, is_soft = a.soft_weight != 0, is_squared = a.squared_weight != 0;
    RowSoftmax plain{}, warm{}, target{};
    float soft = 0, squared = 0;
    if (is_hard) plain = row_softmax(s, width, 1);
    if (is_soft) {
      warm = is_hard && a.temperature == 1 ? plain : row_softmax(s, width, a.temperature);
      target = row_softmax(t, width, a.temperature);
#pragma omp simd reduction(+ : soft)
      for (int64_t i = 0; i < width; ++i) {
        const float log_target = target.log_probability(to_float(t[i]));
        soft += exp_approximate(log_target) * (log_target - warm.log_probability(to_float(s[i])));
      }
    }
    if (is_squared) {
#pragma omp simd reduction(+ : squared)
      for (int64_t i = 0; i < width; ++i)
        squared += (to_float(s[i]) - to_float(t[i])) * (to_float(s[i]) - to_float(t[i]));
    }
    a.hard[r] = is_hard ? -plain.log_probability(to_float(s[label])) : 0.0f;
    a.soft[r] = soft * a.temperature * a.temperature;
    a.squared[r] = squared;
    if (a.gradient == nullptr) continue;
    T* gradient = a.gradient + r * width;
    const float hard_factor = is_hard ? a.hard_weight : 0.0f, soft_factor = a.soft_weight * a.temperature,
                squared_factor = 2 * a.squared_weight;
    if (!is_soft && !is_squared) {
#pragma omp simd
      for (int64_t i = 0; i < width; ++i)
        gradient[i] = from_float<T>(is_hard ? hard_factor * plain.probability(to_float(s[i])) : 0.0f);
    } else {
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) {
        const float x = to_float(s[i]), y = to_float(t[i]);
        float g = squared_factor * (x - y);
        if (is_soft) g += soft_factor * (warm.probability(x) - target.probability(y));
        if (is_hard) g += hard_factor * plain.probability(x);
        gradient[i] = from_float<T>(g);
      }
    }
    if (is_hard) {
      // The label's own element again, from full precision: its probability less one.
      const float x = to_float(s[label]), y = a.teacher ? to_float(t[label]) : 0.0f;
      float g = hard_factor * (plain.probability(x) - 1) + squared_factor * (x - y);
      if (is_soft) g += soft_factor * (warm.probability(x) - target.probability(y));
      gradient[label] = from_float<T>(g);
    }
  }
}

template <typename T>
void cosine_loss(const CosineRows<T>& a, int64_t begin, int64_t end) {
  constexpr float kEpsilon = 1e-12f;
  for (int64_t r = begin; r < end; ++r) {
    const T *s = a.states + r * a.width, *t = a.targets + r * a.width;
    float product = 0, own = kEpsilon, other = kEpsilon;
#pragma omp simd reduction(+ : product, own, other)
    for (int64_t i = 0; i < a.width; ++i) {
      const float x = to_float(s[i]), y = to_float(t[i]);
      product += x * y, own += x * x, other += y * y;
    }
    const float inverse = 1.0f / (__builtin_sqrtf(own) * __builtin_sqrtf(other)), cosine = product * inverse,
                shrink = cosine / own;
    a.distances[r] = 1 - cosine;
    if (a.gradient == nullptr) continue;
    T* gradient = a.gradient + r * a.width;
#pragma omp simd
    for (int64_t i = 0; i < a.width; ++i)
      gradient[i] = from_float<T>(shrink * to_float(s[i]) - inverse * to_float(t[i]));
  }
}

void copy_to_bf16(const UpdateStep& a, int64_t begin, int64_t end) {
  if (!a.copy) return;
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) a.copy[i] = from_float<Bf16>(a.parameter[i]);
}

void adam_step(const UpdateStep& a, int64_t begin, int64_t end) {
  float *p = a.parameter, *g = a.gradient, *m = a.moment1, *v = a.moment2;
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) {
    const float gradient = g[i] * a.gradient_scale;
    const float m1 = a.beta1 * m[i] + a.rest1 * gradient;
    const float m2 = a.beta2 * v[i] + a.rest2 * gradient * gradient;
    float value = p[i];
    value -= a.decay_in_update * value;
    value -= a.step_size * (m1 / (__builtin_sqrtf(m2) + a.epsilon));
    value -= a.decay_after * value;
    m[i] = m1, v[i] = m2, p[i] = value, g[i] = 0;
  }
  copy_to_bf16(a, begin, end);
}

void decay_step(const UpdateStep& a, int64_t begin, int64_t end) {
  float* p = a.parameter;
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) {
    float value = p[i];
    value -= a.decay_in_update * value;
    value -= a.decay_after * value;
    p[i] = value;
  }
  copy_to_bf16(a, begin, end);
}

void lamb_update(const UpdateStep& a, int64_t begin, int64_t end) {
  float *p = a.parameter, *g = a.gradient, *m = a.moment1, *v = a.moment2;
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) {
    const float gradient = g[i] * a.gradient_scale;
    const float m1 = a.beta1 * m[i] + a.rest1 * gradient;
    const float m2 = a.beta2 * v[i] + a.rest2 * gradient * gradient;
    m[i] = m1, v[i] = m2;
    g[i] = m1 * a.correction1 / (__builtin_sqrtf(m2 * a.correction2) + a.epsilon) + a.decay_in_update * p[i];
  }
}

void lamb_apply(const UpdateStep& a, int64_t begin, int64_t end) {
  float *p = a.parameter, *g = a.gradient;
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) p[i] -= a.step_size * g[i], g[i] = 0;
  copy_to_bf16(a, begin, end);
}

void add_to(float* sum, const Bf16* term, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sum[i] += to_float(term[i]);
}

void round_to_bf16(Bf16* out, const float* in, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) out[i] = from_float<Bf16>(in[i]);
}

double sum_of_squares(const float* values, int64_t count) {
  double total = 0;
  for (int64_t begin = 0; begin < count; begin += 4096) {
    const int64_t end = begin + 4096 < count ? begin + 4096 : count;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = begin; i < end; ++i) sum += values[i] * values[i];
    total += sum;
  }
  return total;
}
