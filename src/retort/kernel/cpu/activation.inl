// y = activation(x + bias) over rows, forward and backward. isa_kernels.cpp includes this file inside an anonymous
// namespace.

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
