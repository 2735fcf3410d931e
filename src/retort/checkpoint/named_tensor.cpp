// The table of element types, and overflow-safe arithmetic on shapes, because shapes come from untrusted files.
#include "retort/checkpoint/named_tensor.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "retort/base/error.h"

namespace retort::checkpoint {
namespace {

struct DtypeRow {
  Dtype dtype;
  const char* name;
  int64_t bytes;
};

constexpr std::array<DtypeRow, 10> kDtypes = {{{Dtype::kF64, "F64", 8},
                                               {Dtype::kF32, "F32", 4},
                                               {Dtype::kF16, "F16", 2},
                                               {Dtype::kBf16, "BF16", 2},
                                               {Dtype::kI64, "I64", 8},
                                               {Dtype::kI32, "I32", 4},
                                               {Dtype::kI16, "I16", 2},
                                               {Dtype::kI8, "I8", 1},
                                               {Dtype::kU8, "U8", 1},
                                               {Dtype::kBool, "BOOL", 1}}};

const DtypeRow& row_of(Dtype dtype) {
  const auto row = std::ranges::find(kDtypes, dtype, &DtypeRow::dtype);
  RETORT_CHECK(row != kDtypes.end(), "element type {} is not in the table", static_cast<int>(dtype));
  return *row;
}

// left * right for non-negative numbers; empty above 2^63 - 1.
std::optional<int64_t> maybe_product(int64_t left, int64_t right) {
  int64_t product = 0;
  if (__builtin_mul_overflow(left, right, &product)) return std::nullopt;
  return product;
}

}  // namespace

int64_t dtype_bytes(Dtype dtype) { return row_of(dtype).bytes; }
const char* dtype_name(Dtype dtype) { return row_of(dtype).name; }

std::optional<Dtype> maybe_dtype(std::string_view name) {
  const auto row = std::ranges::find(kDtypes, name, [](const DtypeRow& r) { return std::string_view(r.name); });
  if (row == kDtypes.end()) return std::nullopt;
  return row->dtype;
}

int64_t NamedTensor::element_count() const {
  const auto count = maybe_element_count(shape);
  RETORT_CHECK(count, "the shape {} of tensor `{}` was never checked", shape_text(shape), shown_name(name));
  return *count;
}

// Zeros are left out of the checked product, so that [2^62, 2^62, 0] is rejected and later products of some of the
// dimensions cannot overflow.
std::optional<int64_t> maybe_element_count(std::span<const int64_t> shape) {
  int64_t count = 1;
  bool has_zero = false;
  for (const int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (dimension == 0) {
      has_zero = true;
      continue;
    }
    const auto product = maybe_product(count, dimension);
    if (!product) return std::nullopt;
    count = *product;
  }
  return has_zero ? 0 : count;
}

std::optional<int64_t> maybe_byte_count(std::span<const int64_t> shape, Dtype dtype) {
  const auto count = maybe_element_count(shape);
  if (!count) return std::nullopt;
  return maybe_product(*count, dtype_bytes(dtype));
}

std::string shape_text(std::span<const int64_t> shape) {
  constexpr size_t kShownDimensions = 16;
  const auto shown = shape.first(std::min(shape.size(), kShownDimensions));
  return fmt::format("[{}{}]", fmt::join(shown, ", "), shape.size() > kShownDimensions ? ", ..." : "");
}

std::string shown_name(std::string_view name) {
  constexpr size_t kShownBytes = 120;
  size_t end = std::min(name.size(), kShownBytes);
  while (end < name.size() && end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  std::string text;
  for (const char c : name.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  return end < name.size() ? text + "..." : text;
}

}  // namespace retort::checkpoint
