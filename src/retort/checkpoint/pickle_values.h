// What the pickle of a PyTorch file says, as plain values: numbers, texts, lists, dictionaries, tensors that are still
// descriptions. Values refer to each other by number, so that sharing and cycles cost nothing.
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
  kOpaque,   // a value of no use for tensors: a real number, a device, a big integer (text: its bytes or digits)
  kText,     // text
  kBytes,    // text
  kTuple,    // items
  kList,     // items; sets are lists too
  kDict,     // items: key, value, key, value, ...
  kGlobal,   // items: module text, name text; a name only, nothing is imported
  kStorage,  // number: place in PickleContent::storages
  kTensor,   // number: place in PickleContent::tensors
};

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  int64_t number = 0;
  std::string_view text = {};  // a view of the pickle, or of PickleContent::decoded
  std::vector<ValueId> items = {};
};

// The bytes of one or more tensors, as an entry `data/<key>` of the archive. PyTorch before 0.4 knew parts of storages.
struct PickleStorage {
  std::string_view key;
  std::string_view type_name;  // "FloatStorage", ...
  std::optional<Dtype> dtype;  // empty: UntypedStorage or a type that is not read
  int64_t element_count = 0;   // bytes for UntypedStorage; of the whole storage
  struct Part {
    int64_t begin = 0, element_count = 0;
  };
  std::optional<Part> part = {};  // what tensors see of it, unchecked; empty: all
};

// A view of a storage, unchecked against it; offset and strides count elements.
struct PickleTensor {
  size_t storage = 0;  // place in PickleContent::storages
  std::optional<Dtype> dtype;
  int64_t offset = 0;
  std::vector<int64_t> shape, strides;  // equally many, at most 64, none negative
};

struct PickleContent {
  std::vector<PickleValue> values;
  std::vector<PickleStorage> storages;
  std::vector<PickleTensor> tensors;
  ValueId root = 0;
  std::deque<std::string> decoded = {};  // texts that the pickle holds in escaped form; they never move
};

}  // namespace retort::checkpoint
