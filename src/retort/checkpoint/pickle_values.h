// The content of a PyTorch pickle as plain values: numbers, strings, lists, dictionaries, descriptions of tensors.
// Values refer to each other by index, so that shared values and cycles need no copies.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "retort/checkpoint/named_tensor.h"

namespace retort::checkpoint {

using ValueId = uint32_t;

enum class PickleKind : uint8_t {
  kNone,
  kBool,     // number
  kInteger,  // number
  kOpaque,   // a value that tensors do not need: a float, a device, a big integer (text: its bytes or digits)
  kText,     // text
  kBytes,    // text
  kTuple,    // items
  kList,     // items; sets are lists too
  kDict,     // items: key, value, key, value, ...
  kGlobal,   // items: module text, name text; only a name, nothing is imported
  kStorage,  // number: index in PickleContent::storages
  kTensor,   // number: index in PickleContent::tensors
};

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  int64_t number = 0;
  std::string_view text = {};  // a view of the pickle, or of PickleContent::decoded
  std::vector<ValueId> items = {};
};

// The bytes of one or more tensors: the entry `data/<key>` of the archive. PyTorch before 0.4 had views of storages.
struct PickleStorage {
  std::string_view key;
  std::string_view type_name;  // "FloatStorage", ...
  std::optional<Dtype> dtype;  // empty: UntypedStorage or an unsupported type
  int64_t element_count = 0;   // of the whole storage; bytes for UntypedStorage
  struct Part {
    int64_t begin = 0, element_count = 0;
  };
  std::optional<Part> part = {};  // the elements that tensors see, not validated; empty: all
};

// A view of a storage, not validated against it; offset and strides count elements.
struct PickleTensor {
  size_t storage = 0;  // index in PickleContent::storages
  std::optional<Dtype> dtype;
  int64_t offset = 0;
  std::vector<int64_t> shape, strides;  // of equal length, at most 64, not negative
};

struct PickleContent {
  std::vector<PickleValue> values;
  std::vector<PickleStorage> storages;
  std::vector<PickleTensor> tensors;
  ValueId root = 0;
  std::deque<std::string> decoded = {};  // strings that the pickle holds in escaped form; their addresses are stable
};

}  // namespace retort::checkpoint
