// 1 - cos over rows, with the gradient, in one pass. isa_kernels.cpp includes this file inside an anonymous namespace.

template <typename T>
void cosine_loss(const CosineLoss<T>& a, int64_t begin, int64_t end) {
  constexpr float kEpsilon = 1e-12f;
  for (int64_t r = begin; r < end; ++r) {
    const T *s = a.states + r * a.width, *t = a.targets + r * a.width;
    float dot = 0, own = kEpsilon, other = kEpsilon;
#pragma omp simd reduction(+ : dot, own, other)
    for (int64_t i = 0; i < a.width; ++i) {
      const float x = to_float(s[i]), y = to_float(t[i]);
      dot += x * y, own += x * x, other += y * y;
    }
    const float inverse = 1.0f / (__builtin_sqrtf(own) * __builtin_sqrtf(other)), cosine = dot * inverse,
                shrink = cosine / own;
    a.distances[r] = 1 - cosine;
    if (a.gradient == nullptr) continue;
    T* gradient = a.gradient + r * a.width;
#pragma omp simd
    for (int64_t i = 0; i < a.width; ++i)
      gradient[i] = from_float<T>(shrink * to_float(s[i]) - inverse * to_float(t[i]));
  }
}
