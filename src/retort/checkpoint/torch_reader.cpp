// See torch_reader.h.
#include "retort/checkpoint/torch_reader.h"

#include <simdjson.h>

#include <cstring>
#include <set>

#include "retort/base/error.h"

namespace retort::checkpoint {
namespace {

bool is_row_major(const PickleTensor& tensor) {
  int64_t expected = 1;
  for (size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] == 1) continue;
    if (tensor.strides[i] != expected) return false;
    expected *= tensor.shape[i];
  }
  return true;
}

// Index of the last element of a non-empty tensor; empty above 2^63 - 1.
std::optional<int64_t> maybe_last_element(const PickleTensor& tensor) {
  int64_t last = tensor.offset;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    int64_t step = 0;
    if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &step)) return std::nullopt;
    if (__builtin_add_overflow(last, step, &last)) return std::nullopt;
  }
  return last;
}

// Copies the elements to row-major order; an inner loop for the last dimension, an odometer for the others.
void copy_strided(const PickleTensor& tensor, const std::byte* source, size_t element_bytes, std::byte* target) {
  const size_t rank = tensor.shape.size();
  std::vector<int64_t> index(rank, 0), strides(rank, 0);
  for (size_t i = 0; i < rank; ++i)
    strides[i] = tensor.shape[i] == 1 ? 0 : tensor.strides[i];  // a dimension of size 1 may have any stride
  const int64_t count = *maybe_element_count(tensor.shape);
  int64_t place = tensor.offset;
  for (int64_t done = 0; done < count; ++done) {
    std::memcpy(target, source + static_cast<size_t>(place) * element_bytes, element_bytes);
    target += element_bytes;
    for (size_t i = rank; i-- > 0;) {
      place += strides[i];
      if (++index[i] < tensor.shape[i]) break;
      place -= strides[i] * tensor.shape[i];
      index[i] = 0;
    }
  }
}

template <typename... Args>
[[noreturn]] void fail_tensor(const std::string& subject, const std::string& name, fmt::format_string<Args...> text,
                              Args&&... args) {
  throw UserError("tensor `{}` of `{}` must {}; {}", shown_name(name), subject,
                  fmt::format(text, std::forward<Args>(args)...), kTorchFileRemedy);
}

void check_name(const PickleValue& key, std::set<std::string_view>& names, const std::string& subject) {
  const bool is_name = key.kind == PickleKind::kText && key.text.find('\0') == std::string_view::npos &&
                       simdjson::validate_utf8(key.text);
  if (!is_name)
    throw UserError("every tensor of `{}` must have a string as its name, but one has not; {}", subject,
                    kTorchFileRemedy);
  if (!names.insert(key.text).second) {
    throw UserError("tensor `{}` must be in `{}` once, but is there twice; {}", shown_name(key.text), subject,
                    kTorchFileRemedy);
  }
}

}  // namespace

TorchReader::TorchReader(std::span<const std::byte> file_bytes, const std::string& subject)
    : subject_(subject), archive_(open_torch_archive(file_bytes, subject)), copy_budget_bytes_(2 * file_bytes.size()) {}

const PickleValue* TorchReader::maybe_item(const PickleValue& dict, std::string_view name) const {
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue& key = value(dict.items[i]);
    if (key.kind == PickleKind::kText && key.text == name) return &value(dict.items[i + 1]);
  }
  return nullptr;
}

std::vector<NamedTensor> TorchReader::read_tensors(const PickleValue& dict) {
  std::vector<NamedTensor> tensors;
  std::set<std::string_view> names;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue &key = value(dict.items[i]), &item = value(dict.items[i + 1]);
    if (item.kind != PickleKind::kTensor) continue;
    check_name(key, names, subject_);
    tensors.push_back(read_tensor(std::string(key.text), item));
  }
  return tensors;
}

// The storage's bytes; checks their count against the pickle.
std::span<const std::byte> TorchReader::storage_bytes(const std::string& name, const PickleStorage& storage) const {
  const auto found = archive_.storages.find(storage.key);
  if (found == archive_.storages.end())
    fail_tensor(subject_, name, "have its storage in the file, but `{}{}` is missing", archive_.storage_prefix,
                shown_name(storage.key));
  const int64_t element_bytes = storage.dtype ? dtype_bytes(*storage.dtype) : 1;
  int64_t byte_count = 0;
  const bool overflows = __builtin_mul_overflow(storage.element_count, element_bytes, &byte_count);
  if (overflows || static_cast<uint64_t>(byte_count) != found->second.size()) {
    fail_tensor(subject_, name, "have a storage of {} elements of {} bytes, but `{}{}` has {} bytes",
                storage.element_count, element_bytes, archive_.storage_prefix, shown_name(storage.key),
                found->second.size());
  }
  return storage.part ? part_of(name, storage, found->second, element_bytes) : found->second;
}

std::span<const std::byte> TorchReader::part_of(const std::string& name, const PickleStorage& storage,
                                                std::span<const std::byte> bytes, int64_t element_bytes) const {
  const auto [begin, count] = *storage.part;
  if (begin > storage.element_count || count > storage.element_count - begin)
    fail_tensor(subject_, name, "lie inside its storage of {} elements, but lies in {} from {} on",
                storage.element_count, count, begin);
  return bytes.subspan(static_cast<size_t>(begin * element_bytes), static_cast<size_t>(count * element_bytes));
}

NamedTensor TorchReader::read_tensor(std::string name, const PickleValue& value) {
  const PickleTensor& tensor = archive_.content.tensors[static_cast<size_t>(value.number)];
  const PickleStorage& storage = archive_.content.storages[tensor.storage];
  if (!tensor.dtype) {
    throw UserError(
        "tensor `{}` of `{}` must have an element type of F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL, but is in a "
        "{}; convert the model to one of them",
        shown_name(name), subject_, shown_name(storage.type_name));
  }
  const auto bytes = storage_bytes(name, storage);
  const int64_t element_bytes = dtype_bytes(*tensor.dtype);
  const auto count = checked_count(name, tensor, static_cast<int64_t>(bytes.size()) / element_bytes);
  const auto view = tensor_bytes(name, tensor, bytes, static_cast<size_t>(element_bytes), static_cast<size_t>(count));
  return {std::move(name), *tensor.dtype, tensor.shape, view};
}

// Checks that all elements of the tensor are inside its storage and returns their count. Rejects views that repeat
// elements, because a few bytes could then ask for any amount of memory.
int64_t TorchReader::checked_count(const std::string& name, const PickleTensor& tensor,
                                   int64_t storage_elements) const {
  const auto count = maybe_element_count(tensor.shape);
  if (count == 0) return 0;
  const auto last = maybe_last_element(tensor);
  if (!count || !last || *last >= storage_elements) {
    fail_tensor(subject_, name, "lie inside its storage of {} elements, but has shape {}, strides {} and offset {}",
                storage_elements, shape_text(tensor.shape), shape_text(tensor.strides), tensor.offset);
  }
  if (*count > storage_elements) {
    throw UserError(
        "tensor `{}` of `{}` must have its own elements, but repeats {} of them to {}; call contiguous() on "
        "it before saving",
        shown_name(name), subject_, storage_elements, *count);
  }
  return *count;
}

std::span<const std::byte> TorchReader::tensor_bytes(const std::string& name, const PickleTensor& tensor,
                                                     std::span<const std::byte> storage, size_t element_bytes,
                                                     size_t count) {
  if (count == 0) return {};
  const size_t byte_count = count * element_bytes;
  if (is_row_major(tensor)) return storage.subspan(static_cast<size_t>(tensor.offset) * element_bytes, byte_count);
  if (byte_count > copy_budget_bytes_)
    fail_tensor(subject_, name, "not be the same storage in another order over and over, but is");
  copy_budget_bytes_ -= byte_count;
  auto& copy = rearranged_.emplace_back(std::make_unique_for_overwrite<std::byte[]>(byte_count));
  copy_strided(tensor, storage.data(), element_bytes, copy.get());
  return {copy.get(), byte_count};
}

}  // namespace retort::checkpoint
