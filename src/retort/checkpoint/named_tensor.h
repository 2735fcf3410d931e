// Tensors as files know them: a name, an element type, a shape and bytes. No tensor library here.
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
const char* dtype_name(Dtype dtype);  // as safetensors writes it: "F32", "BF16", ...

// The type that safetensors calls `name`; empty for any other word.
std::optional<Dtype> maybe_dtype(std::string_view name);

// A tensor whose bytes (row-major, little-endian) live elsewhere, for example in a mapped file.
// The bytes may start at any address: read elements with memcpy, never through a cast pointer.
struct NamedTensor {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;

  int64_t element_count() const;
};

// Elements of a tensor of this shape (1 for a scalar, 0 when a dimension is 0); empty when a dimension is negative or
// the product, with zeros left out, passes 2^63 - 1.
std::optional<int64_t> maybe_element_count(std::span<const int64_t> shape);

// The same in bytes; empty also when the bytes pass 2^63 - 1.
std::optional<int64_t> maybe_byte_count(std::span<const int64_t> shape, Dtype dtype);

// "[2, 3]" for messages; a shape of more than 16 dimensions is cut.
std::string shape_text(std::span<const int64_t> shape);

// A name from a file made fit for a message: control characters as \xNN, cut between characters at 120
// bytes at most.
std::string shown_name(std::string_view name);

}  // namespace retort::checkpoint
