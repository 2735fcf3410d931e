// Steps of Adam and LAMB over a range of the flat parameter buffers. isa_kernels.cpp includes this file inside an
// anonymous namespace.

void copy_to_bf16(const OptimizerStep& a, int64_t begin, int64_t end) {
  if (!a.copy) return;
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) a.copy[i] = from_float<Bf16>(a.parameter[i]);
}

void adam_step(const OptimizerStep& a, int64_t begin, int64_t end) {
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

void decay_step(const OptimizerStep& a, int64_t begin, int64_t end) {
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

void lamb_update(const OptimizerStep& a, int64_t begin, int64_t end) {
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

void lamb_apply(const OptimizerStep& a, int64_t begin, int64_t end) {
  float *p = a.parameter, *g = a.gradient;
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) p[i] -= a.step_size * g[i], g[i] = 0;
  copy_to_bf16(a, begin, end);
}
