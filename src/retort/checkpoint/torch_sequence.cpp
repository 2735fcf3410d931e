// See torch_sequence.h. The pickles are read by the same machine as those of newer files. The system information is
// ignored, as in PyTorch: elements are always little-endian.
#include "retort/checkpoint/torch_sequence.h"

#include <algorithm>
#include <array>

#include "retort/base/error.h"
#include "retort/checkpoint/pickle_machine.h"

namespace retort::checkpoint {
namespace {

// MAGIC_NUMBER, 0x1950a86a20f9469cfc6c, as pickles encode it: ten bytes from protocol 2 on, decimal digits before.
constexpr std::string_view kMagicBytes = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr std::string_view kMagicDigits = "119547037146038801333356";
constexpr int64_t kProtocolVersion = 1001;

struct ElementBytes {
  std::string_view type_name;
  int64_t bytes;
};

// Element types that are not supported as weights but have to be skipped.
constexpr std::array<ElementBytes, 7> kOtherTypes = {{{"UntypedStorage", 1},
                                                      {"ComplexFloatStorage", 8},
                                                      {"ComplexDoubleStorage", 16},
                                                      {"QUInt8Storage", 1},
                                                      {"QInt8Storage", 1},
                                                      {"QInt32Storage", 4},
                                                      {"QUInt4x2Storage", 1}}};

class SequenceReader {
 public:
  SequenceReader(std::span<const std::byte> bytes, const std::string& subject)
      : cursor_(bytes, subject), subject_(subject) {}

  TorchArchive read() {
    read_next_pickle(cursor_, subject_);  // the magic number, already checked
    check_version(read_next_pickle(cursor_, subject_));
    read_next_pickle(cursor_, subject_);  // system information
    TorchArchive archive{.content = read_next_pickle(cursor_, subject_), .storage_prefix = "storage "};
    remember_storages(archive.content.storages);
    const PickleContent keys = read_next_pickle(cursor_, subject_);
    const PickleValue& list = keys.values[keys.root];
    if (list.kind != PickleKind::kList) fail("a list of its storages after its tensors, but has none");
    for (const ValueId item : list.items) read_storage(keys.values[item], archive);
    return archive;
  }

 private:
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) const {
    throw UserError("the PyTorch file `{}` must have {}; {}", subject_, fmt::format(text, std::forward<Args>(args)...),
                    kTorchFileRemedy);
  }

  void check_version(const PickleContent& content) const {
    const PickleValue& version = content.values[content.root];
    if (version.kind != PickleKind::kInteger) fail("its version after the magic number, but has none");
    if (version.number != kProtocolVersion) fail("the version {}, but has {}", kProtocolVersion, version.number);
  }

  int64_t element_bytes(const PickleStorage& storage) const {
    if (storage.dtype) return dtype_bytes(*storage.dtype);
    const auto row = std::ranges::find(kOtherTypes, storage.type_name, &ElementBytes::type_name);
    if (row == kOtherTypes.end()) {
      throw UserError(
          "every storage of `{}` must be of a known type, but one is a {}; load the file in PyTorch and save its "
          "tensors as safetensors",
          subject_, shown_name(storage.type_name));
    }
    return row->bytes;
  }

  // All tensors of a storage must describe it equally.
  void remember_storages(const std::vector<PickleStorage>& storages) {
    for (const PickleStorage& storage : storages) {
      const auto [known, is_new] = storage_of_.emplace(storage.key, &storage);
      if (!is_new && (known->second->element_count != storage.element_count ||
                      element_bytes(*known->second) != element_bytes(storage)))
        fail("one size for storage {}, but has two", shown_name(storage.key));
    }
  }

  void read_storage(const PickleValue& key, TorchArchive& archive) {
    const auto found = storage_of_.find(key.text);
    if (key.kind != PickleKind::kText || found == storage_of_.end())
      fail("storages that its tensors refer to, but lists `{}`", shown_name(key.text));
    const int64_t element_count = cursor_.take<int64_t>(), wanted = found->second->element_count;
    if (element_count != wanted)
      fail("{} elements in storage {}, but has {}", wanted, shown_name(key.text), element_count);
    int64_t byte_count = 0;
    if (__builtin_mul_overflow(element_count, element_bytes(*found->second), &byte_count))
      fail("all bytes of storage {}, but it claims {} elements", shown_name(key.text), element_count);
    const auto bytes = cursor_.take_bytes(static_cast<uint64_t>(byte_count));
    if (!archive.storages.emplace(found->first, bytes).second)
      fail("each storage once, but has {} twice", shown_name(key.text));
  }

  ByteCursor cursor_;
  const std::string& subject_;
  std::unordered_map<std::string_view, const PickleStorage*> storage_of_;  // by key; storages of the archive's content
};

}  // namespace

bool is_torch_sequence(std::span<const std::byte> file_bytes) {
  constexpr size_t kLargestHead = 64;  // protocol, frame and magic number
  const auto head = file_bytes.first(std::min(file_bytes.size(), kLargestHead));
  const std::string subject = "head";
  try {
    ByteCursor cursor(head, subject);
    const PickleContent content = read_next_pickle(cursor, subject);
    const std::string_view number = content.values[content.root].text;
    return content.values[content.root].kind == PickleKind::kOpaque &&
           (number == kMagicBytes || number == kMagicDigits);
  } catch (const UserError&) {
    return false;
  }
}

TorchArchive open_torch_sequence(std::span<const std::byte> file_bytes, const std::string& subject) {
  return SequenceReader(file_bytes, subject).read();
}

}  // namespace retort::checkpoint
