// Reads values and tensors of a PyTorch file: combines the pickle's tensor descriptions with the archive's bytes.
// Storages must have the described size, tensors must stay inside their storages, and tensors that are not row-major
// are copied to row-major order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "retort/checkpoint/named_tensor.h"
#include "retort/checkpoint/torch_archive.h"

namespace retort::checkpoint {

// `file_bytes` and `subject` must outlive the reader, and `file_bytes` the tensors too.
class TorchReader {
 public:
  TorchReader(std::span<const std::byte> file_bytes, const std::string& subject);

  const PickleValue& root() const { return value(archive_.content.root); }
  const PickleValue& value(ValueId id) const { return archive_.content.values[id]; }
  // The value of a key of a dictionary; null when it has none.
  const PickleValue* maybe_item(const PickleValue& dict, std::string_view name) const;

  // The items of a dictionary that are tensors, under their names. Throws UserError for names that are no text or are
  // there twice, and as read_tensor.
  std::vector<NamedTensor> read_tensors(const PickleValue& dict);
  // The tensor of a value of that kind. Throws UserError for a damaged file and unsupported element types.
  NamedTensor read_tensor(std::string name, const PickleValue& value);

  // The memory of copied tensors, to be kept as long as the tensors.
  std::vector<std::unique_ptr<std::byte[]>> take_rearranged() { return std::move(rearranged_); }

 private:
  std::span<const std::byte> storage_bytes(const std::string& name, const PickleStorage& storage) const;
  std::span<const std::byte> part_of(const std::string& name, const PickleStorage& storage,
                                     std::span<const std::byte> bytes, int64_t element_bytes) const;
  int64_t checked_count(const std::string& name, const PickleTensor& tensor, int64_t storage_elements) const;
  std::span<const std::byte> tensor_bytes(const std::string& name, const PickleTensor& tensor,
                                          std::span<const std::byte> storage, size_t element_bytes, size_t count);

  const std::string& subject_;
  const TorchArchive archive_;
  size_t copy_budget_bytes_;
  std::vector<std::unique_ptr<std::byte[]>> rearranged_;
};

}  // namespace retort::checkpoint
