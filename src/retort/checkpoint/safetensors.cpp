// See safetensors.h. File layout: 8 bytes of header length (little-endian), the JSON header, the tensors' bytes.
#include "retort/checkpoint/safetensors.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <set>
#include <tuple>

#include "retort/base/error.h"
#include "retort/checkpoint/safetensors_header.h"

static_assert(std::endian::native == std::endian::little, "tensor bytes are used as they are in the file");

namespace retort::checkpoint {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // MAX_HEADER_SIZE of the reference
constexpr size_t kLengthBytes = 8;

uint64_t read_header_length(std::span<const std::byte> file_bytes, const std::string& subject) {
  if (file_bytes.size() < kLengthBytes) {
    throw UserError("`{}` must be a safetensors file, but has only {} bytes; download it or save it again", subject,
                    file_bytes.size());
  }
  uint64_t length = 0;
  std::memcpy(&length, file_bytes.data(), kLengthBytes);
  return length;
}

// The header's text; checks its length against the format's limit and the file.
std::string_view find_header(std::span<const std::byte> file_bytes, const std::string& subject) {
  const std::string_view text(reinterpret_cast<const char*>(file_bytes.data()), file_bytes.size());
  if (text.starts_with("version https://git-lfs")) {
    throw UserError(
        "`{}` must be a safetensors file, but is a Git LFS pointer to one; run `git lfs pull` in its folder", subject);
  }
  const uint64_t length = read_header_length(file_bytes, subject);
  if (length > kMaxHeaderBytes) {
    throw UserError(
        "`{}` must start with a header length of at most {}, but has {}; it is damaged or no safetensors file", subject,
        kMaxHeaderBytes, length);
  }
  if (length > file_bytes.size() - kLengthBytes) {
    throw UserError(
        "`{}` must hold a header of {} bytes, but has {} bytes in all; the file is truncated: download it or save it "
        "again",
        subject, length, file_bytes.size());
  }
  const std::string_view header = text.substr(kLengthBytes, length);
  if (!header.starts_with('{')) {
    throw UserError("the header of `{}` must start with `{{`, but does not; it is damaged or no safetensors file",
                    subject);
  }
  return header;
}

// Position of an element type in the library's write order, first written first.
int write_rank(Dtype dtype) {
  constexpr std::array kOrder = {Dtype::kI64, Dtype::kF64, Dtype::kF32, Dtype::kI32, Dtype::kBf16,
                                 Dtype::kF16, Dtype::kI16, Dtype::kI8,  Dtype::kU8,  Dtype::kBool};
  return static_cast<int>(std::ranges::find(kOrder, dtype) - kOrder.begin());
}

std::vector<const NamedTensor*> in_write_order(std::span<const NamedTensor> tensors) {
  std::vector<const NamedTensor*> ordered;
  for (const NamedTensor& tensor : tensors) ordered.push_back(&tensor);
  std::ranges::sort(ordered, [](const NamedTensor* left, const NamedTensor* right) {
    const int left_rank = write_rank(left->dtype), right_rank = write_rank(right->dtype);
    return std::tie(left_rank, left->name) < std::tie(right_rank, right->name);
  });
  return ordered;
}

void check_writable(std::span<const NamedTensor> tensors) {
  std::set<std::string_view> names;
  for (const NamedTensor& tensor : tensors) {
    RETORT_CHECK(names.insert(tensor.name).second, "tensor `{}` is written twice", tensor.name);
    RETORT_CHECK(tensor.name.find('\0') == std::string::npos && tensor.name != "__metadata__" &&
                     simdjson::validate_utf8(tensor.name),
                 "a tensor must not be named `{}`", shown_name(tensor.name));
    const auto byte_count = maybe_byte_count(tensor.shape, tensor.dtype);
    RETORT_CHECK(byte_count && static_cast<size_t>(*byte_count) == tensor.bytes.size(),
                 "tensor `{}` of shape {} and {} has {} bytes", tensor.name, shape_text(tensor.shape),
                 dtype_name(tensor.dtype), tensor.bytes.size());
  }
}

SafetensorsHeader make_header(const std::vector<const NamedTensor*>& ordered, const TensorMetadata& metadata) {
  SafetensorsHeader header{.entries = {}, .metadata = metadata};
  int64_t position = 0;
  for (const NamedTensor* tensor : ordered) {
    const int64_t end = position + static_cast<int64_t>(tensor->bytes.size());
    header.entries.push_back({tensor->name, tensor->dtype, tensor->shape, position, end});
    position = end;
  }
  return header;
}

}  // namespace

SafetensorsContent parse_safetensors(std::span<const std::byte> file_bytes, const std::string& subject) {
  const std::string_view text = find_header(file_bytes, subject);
  const auto data = file_bytes.subspan(kLengthBytes + text.size());
  SafetensorsHeader header = parse_safetensors_header(text, static_cast<int64_t>(data.size()), subject);
  SafetensorsContent content{.tensors = {}, .metadata = std::move(header.metadata)};
  content.tensors.reserve(header.entries.size());
  for (HeaderEntry& entry : header.entries) {
    const auto bytes =
        data.subspan(static_cast<size_t>(entry.begin_bytes), static_cast<size_t>(entry.end_bytes - entry.begin_bytes));
    content.tensors.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape), bytes});
  }
  return content;
}

SafetensorsFile::SafetensorsFile(const fs::path& path)
    : file_(path), content_(parse_safetensors(file_.bytes(), path.string())) {}

void write_safetensors(const fs::path& path, std::span<const NamedTensor> tensors, const TensorMetadata& metadata) {
  write_safetensors(path, tensors, metadata, [](const NamedTensor& tensor) { return tensor.bytes; });
}

void write_safetensors(const fs::path& path, std::span<const NamedTensor> tensors, const TensorMetadata& metadata,
                       const TensorBytes& bytes_of) {
  check_writable(tensors);
  const auto ordered = in_write_order(tensors);
  std::string text = format_safetensors_header(make_header(ordered, metadata));
  text.resize((text.size() + 7) / 8 * 8, ' ');
  RETORT_CHECK(text.size() <= kMaxHeaderBytes, "the header of `{}` has {} bytes", path.string(), text.size());
  const uint64_t length = text.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (const NamedTensor* tensor : ordered) file.write(bytes_of(*tensor));
  file.publish();
}

}  // namespace retort::checkpoint
