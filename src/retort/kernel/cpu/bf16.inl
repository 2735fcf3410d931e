// Conversions between float32 and the element type T, float or Bf16, and kernels over arrays of bfloat16.
// isa_kernels.cpp includes this file inside an anonymous namespace.

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
// Rounds to nearest even; every NaN becomes the quiet NaN 0x7FC0.
template <>
[[gnu::always_inline]] inline Bf16 from_float<Bf16>(float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  const bool is_nan = (bits & 0x7FFFFFFFu) > 0x7F800000u;
  return Bf16{static_cast<uint16_t>(is_nan ? 0x7FC0u : rounded)};
}

void add_to(float* sum, const Bf16* term, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sum[i] += to_float(term[i]);
}

void round_to_bf16(Bf16* out, const float* in, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) out[i] = from_float<Bf16>(in[i]);
}
