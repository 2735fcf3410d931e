// exp, tanh and the normal distribution function in float32, as polynomials that the compiler vectorizes.
// isa_kernels.cpp includes this file inside an anonymous namespace.

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
