// See weights_convert.h. The loops have no branches and read with memcpy, so that the compiler vectorizes them and
// tensors may be unaligned.
#include "retort/checkpoint/weights_convert.h"

#include <bit>
#include <cstring>

#include "retort/base/error.h"
#include "retort/base/thread.h"

namespace retort::checkpoint {
namespace {

constexpr int64_t kGrainElements = 1 << 16;

template <typename T>
T load_element(const std::byte* bytes, int64_t index) {
  T value;
  std::memcpy(&value, bytes + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

// IEEE half to single precision, by integer operations and one subtraction that normalizes subnormals. It never
// produces a subnormal single, so it is right in flush-to-zero mode too.
float half_to_float(uint16_t half) {
  const uint32_t magnitude = (half & 0x7FFFu) << 13;
  const uint32_t exponent = half & 0x7C00u;
  constexpr uint32_t kRebias = 112u << 23;  // 127 - 15
  const uint32_t normal = magnitude + kRebias;
  const uint32_t special = normal + kRebias;        // exponent 31 becomes 255: infinity or NaN
  constexpr uint32_t kSmallestNormal = 113u << 23;  // 2^-14
  const float lifted = std::bit_cast<float>(magnitude | kSmallestNormal);
  const uint32_t subnormal = std::bit_cast<uint32_t>(lifted - std::bit_cast<float>(kSmallestNormal));
  const uint32_t finite = exponent == 0 ? subnormal : normal;
  const uint32_t bits = exponent == 0x7C00u ? special : finite;
  return std::bit_cast<float>(bits | (static_cast<uint32_t>(half & 0x8000u) << 16));
}

float bfloat_to_float(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t float_to_bfloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = bits + 0x7FFFu + ((bits >> 16) & 1u);
  const bool is_nan = (bits & 0x7FFFFFFFu) > 0x7F800000u;
  return static_cast<uint16_t>((is_nan ? bits | 0x00400000u : rounded) >> 16);
}

template <typename T, typename Convert>
void convert_elements(const NamedTensor& tensor, std::span<float> out, Convert convert) {
  const std::byte* bytes = tensor.bytes.data();
  float* target = out.data();
  parallel_for(static_cast<int64_t>(out.size()), kGrainElements, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) target[i] = convert(load_element<T>(bytes, i));
  });
}

}  // namespace

void to_float32(const NamedTensor& tensor, std::span<float> out, const std::string& file) {
  RETORT_CHECK(static_cast<int64_t>(out.size()) == tensor.element_count() &&
                   static_cast<int64_t>(tensor.bytes.size()) == tensor.element_count() * dtype_bytes(tensor.dtype),
               "tensor `{}` of shape {} and {} bytes goes to {} places", tensor.name, shape_text(tensor.shape),
               tensor.bytes.size(), out.size());
  switch (tensor.dtype) {
    case Dtype::kF32:
      return convert_elements<float>(tensor, out, [](float value) { return value; });
    case Dtype::kF64:
      return convert_elements<double>(tensor, out, [](double v) { return static_cast<float>(v); });
    case Dtype::kF16:
      return convert_elements<uint16_t>(tensor, out, half_to_float);
    case Dtype::kBf16:
      return convert_elements<uint16_t>(tensor, out, bfloat_to_float);
    default:
      throw UserError(
          "{}tensor `{}` must hold F32, F16, BF16 or F64 numbers, but holds {}; quantized models are not supported",
          file.empty() ? "" : fmt::format("`{}`: ", file), shown_name(tensor.name), dtype_name(tensor.dtype));
  }
}

void to_finite_float32(const NamedTensor& tensor, std::span<float> out, const std::string& file) {
  to_float32(tensor, out, file);
  constexpr uint32_t kExponent = 0x7f800000;  // all ones: infinite or NaN
  uint32_t is_bad = 0;
  for (const float value : out)
    is_bad |= static_cast<uint32_t>((std::bit_cast<uint32_t>(value) & kExponent) == kExponent);
  if (is_bad != 0)
    throw DivergenceError(
        "`{}`: tensor `{}` must hold numbers, but some are infinite or NaN; take the model from before its training "
        "diverged",
        file, shown_name(tensor.name));
}

void to_bfloat16(std::span<const float> values, std::span<uint16_t> out) {
  RETORT_CHECK(values.size() == out.size(), "{} values go to {} places", values.size(), out.size());
  const float* source = values.data();
  uint16_t* target = out.data();
  parallel_for(static_cast<int64_t>(values.size()), kGrainElements, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) target[i] = float_to_bfloat(source[i]);
  });
}

}  // namespace retort::checkpoint
