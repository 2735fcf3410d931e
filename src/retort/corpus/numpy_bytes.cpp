#include "retort/corpus/numpy_bytes.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "retort/base/error.h"

namespace retort::corpus {
namespace {

constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
constexpr size_t kAlignment = 64;  // of the values

[[noreturn]] void refuse(std::string_view what) {
  throw UserError("must be an array of integers as numpy.save writes it, but {}", what);
}

// What stands in the header behind `'name': `.
std::string_view value_of(std::string_view header, std::string_view name) {
  const std::string key = fmt::format("'{}':", name);
  const size_t at = header.find(key);
  if (at == header.npos) refuse(fmt::format("its header lacks {}", name));
  header.remove_prefix(at + key.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

// The one number in "(3,)".
size_t element_count_of(std::string_view shape) {
  size_t count = 0;
  const char* const end = shape.data() + shape.size();
  if (!shape.starts_with('(')) refuse("its shape is none");
  const auto [after, failure] = std::from_chars(shape.data() + 1, end, count);
  if (failure != std::errc() || std::string_view(after, static_cast<size_t>(end - after)).substr(0, 2) != ",)")
    refuse("it has not one dimension");
  return count;
}

template <typename T>
void append_values(std::string_view bytes, size_t count, std::vector<int32_t>& values) {
  if (bytes.size() / sizeof(T) != count || bytes.size() % sizeof(T) != 0)
    refuse(fmt::format("holds {} bytes for {} values", bytes.size(), count));
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    if (!std::in_range<int32_t>(value)) refuse(fmt::format("holds {}", value));
    values.push_back(static_cast<int32_t>(value));
  }
}

}  // namespace

std::string write_numpy_bytes(std::span<const int32_t> values) {
  std::string header = fmt::format("{{'descr': '<u2', 'fortran_order': False, 'shape': ({},), }}", values.size());
  const size_t used = kMagic.size() + 2 + header.size() + 1;
  header.append((kAlignment - used % kAlignment) % kAlignment, ' ').push_back('\n');
  std::string bytes(kMagic);
  const auto append_number = [&](int64_t number) {
    RETORT_CHECK(number >= 0 && number <= std::numeric_limits<uint16_t>::max(), "{} as 16 bits", number);
    bytes.push_back(static_cast<char>(number & 0xFF));
    bytes.push_back(static_cast<char>(number >> 8));
  };
  append_number(static_cast<int64_t>(header.size()));
  bytes += header;
  for (const int32_t value : values) append_number(value);
  return bytes;
}

void read_numpy_bytes(std::string_view bytes, std::vector<int32_t>& values) {
  if (bytes.size() < kMagic.size() + 2 || !bytes.starts_with(kMagic)) refuse("begins otherwise");
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<unsigned char>(bytes[at])); };
  const size_t begin = kMagic.size() + 2, header_bytes = byte(kMagic.size()) + 256 * byte(kMagic.size() + 1);
  if (bytes.size() - begin < header_bytes) refuse("ends within its header");
  const std::string_view header = bytes.substr(begin, header_bytes), rest = bytes.substr(begin + header_bytes);
  const std::string_view type = value_of(header, "descr").substr(0, 5);
  const size_t count = element_count_of(value_of(header, "shape"));
  if (type == "'|u1'") return append_values<uint8_t>(rest, count, values);
  if (type == "'<u2'") return append_values<uint16_t>(rest, count, values);
  if (type == "'<i2'") return append_values<int16_t>(rest, count, values);
  if (type == "'<u4'") return append_values<uint32_t>(rest, count, values);
  if (type == "'<i4'") return append_values<int32_t>(rest, count, values);
  if (type == "'<i8'") return append_values<int64_t>(rest, count, values);
  refuse("has another type");
}

}  // namespace retort::corpus
