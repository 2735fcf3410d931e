// A tensor of a file: name, element type, shape and bytes. Needs no tensor library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retort::checkpoint {

enum class Dtype { kF64, kF32, kF16, kBf16, kI64, kI32, kI16, kI8, kU8, kBool };

int64_t dtype_bytes(Dtype dtype);
const char* dtype_name(Dtype dtype);  // the safetensors name: "F32", "BF16", ...

// The type with this safetensors name; empty for an unknown name.
std::optional<Dtype> maybe_dtype(std::string_view name);

// A view of a tensor's bytes (row-major, little-endian), for example in a mapped file. The bytes may be unaligned: read
// elements with memcpy, never through a cast pointer.
struct NamedTensor {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;

  int64_t element_count() const;
};

// Number of elements of this shape (1 for a scalar, 0 when a dimension is 0). Empty when a dimension is negative or the
// product of the nonzero dimensions exceeds 2^63 - 1.
std::optional<int64_t> maybe_element_count(std::span<const int64_t> shape);

// Number of bytes; empty also when it exceeds 2^63 - 1.
std::optional<int64_t> maybe_byte_count(std::span<const int64_t> shape, Dtype dtype);

// "[2, 3]" for messages; shapes of more than 16 dimensions are shortened.
std::string shape_text(std::span<const int64_t> shape);

// A name from a file, escaped for messages: control characters become \xNN, and names of more than 120 bytes are
// shortened between characters.
std::string shown_name(std::string_view name);

}  // namespace retort::checkpoint
