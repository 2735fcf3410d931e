// Cross entropy, divergence and squared distance of logits over rows, with the gradient, in one pass.
// isa_kernels.cpp includes this file inside an anonymous namespace.

// The softmax of a row at temperature T: log p(x) = (x - highest) / T - log_sum.
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
void softmax_loss(const SoftmaxLoss<T>& a, int64_t begin, int64_t end) {
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
      // The label's element once more, in full precision: its probability minus one.
      const float x = to_float(s[label]), y = a.teacher ? to_float(t[label]) : 0.0f;
      float g = hard_factor * (plain.probability(x) - 1) + squared_factor * (x - y);
      if (is_soft) g += soft_factor * (warm.probability(x) - target.probability(y));
      gradient[label] = from_float<T>(g);
    }
  }
}
