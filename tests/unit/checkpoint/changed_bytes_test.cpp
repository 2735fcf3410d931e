// Files with one byte changed, at every place: each is read or refused, nothing else. Run under AddressSanitizer this
// is the proof that no byte of a file can lead a reader astray.
#include "retort/checkpoint/pickle_machine.h"
#include "retort/checkpoint/safetensors.h"
#include "retort/checkpoint/torch_file.h"
#include "retort/checkpoint/zip_archive.h"
#include "retort/checkpoint/zip_checksum.h"
#include "unit/checkpoint/checkpoint_fixtures.h"

namespace retort::checkpoint {
namespace {

struct Outcomes {
  int read = 0, refused = 0;
};

// Gives `reader` the content with each byte in turn set to every other value.
template <typename Reader>
Outcomes try_changed(const std::string& content, size_t begin, size_t end, const Reader& reader) {
  Outcomes outcomes;
  for (size_t i = begin; i < end; ++i) {
    std::string changed = content;
    for (int value = 1; value < 256; ++value) {
      changed[i] = static_cast<char>(content[i] ^ value);
      (message_of([&] { reader(changed); }).empty() ? outcomes.read : outcomes.refused) += 1;
    }
  }
  return outcomes;
}

// Reads every byte of every tensor, so that a wrong view is noticed.
int touch(const std::vector<NamedTensor>& tensors) {
  int sum = 0;
  for (const NamedTensor& tensor : tensors) {
    for (const std::byte byte : tensor.bytes) sum += static_cast<int>(byte);
    EXPECT_EQ(static_cast<int64_t>(tensor.bytes.size()), tensor.element_count() * dtype_bytes(tensor.dtype));
  }
  return sum;
}

TEST(ChangedBytesTest, SafetensorsIsReadOrRefused) {
  const std::string content = read_file(fixture_path("sharded/good/model-00002-of-00002.safetensors"));
  const Outcomes outcomes = try_changed(content, 0, content.size(), [](const std::string& changed) {
    touch(parse_safetensors(as_bytes_of(changed), "FILE").tensors);
  });
  EXPECT_GT(outcomes.refused, 10'000);
  EXPECT_GT(outcomes.read, 8 * 255);  // at least the values may be anything
}

// A checksum covers every stored byte, so only bytes of no meaning (times, versions, attributes) may change.
TEST(ChangedBytesTest, TorchFileIsReadOrRefused) {
  const std::string content = read_file(fixture_path("hostile/handmade_zip64.pt"));
  const auto entries = parse_zip(as_bytes_of(content), "FILE");
  const Outcomes all = try_changed(content, 0, content.size(), [](const std::string& changed) {
    touch(parse_torch_file(as_bytes_of(changed), "FILE").tensors);
  });
  EXPECT_GT(all.refused, 100'000);
  for (const ZipEntry& entry : entries) {
    const size_t begin = static_cast<size_t>(entry.bytes.data() - as_bytes_of(content).data());
    const Outcomes stored = try_changed(content, begin, begin + entry.bytes.size(), [](const std::string& changed) {
      parse_torch_file(as_bytes_of(changed), "FILE");
    });
    EXPECT_EQ(stored.read, 0) << entry.name;
  }
}

// The same for the pickle with its checksum made to fit, as an attacker would.
TEST(ChangedBytesTest, PickleIsReadOrRefused) {
  const std::string content = read_file(fixture_path("hostile/handmade.pt"));
  const ZipEntry pickle = parse_zip(as_bytes_of(content), "FILE").front();
  ASSERT_EQ(pickle.name, "a/data.pkl");
  const size_t begin = static_cast<size_t>(pickle.bytes.data() - as_bytes_of(content).data());
  const size_t directory = content.find("PK\x01\x02");
  const Outcomes outcomes = try_changed(content, begin, begin + pickle.bytes.size(), [&](std::string changed) {
    const uint32_t checksum = compute_crc32(as_bytes_of(changed).subspan(begin, pickle.bytes.size()));
    std::memcpy(changed.data() + 14, &checksum, sizeof checksum);
    std::memcpy(changed.data() + directory + 16, &checksum, sizeof checksum);
    touch(parse_torch_file(as_bytes_of(changed), "FILE").tensors);
  });
  EXPECT_GT(outcomes.refused, 10'000);
  EXPECT_GT(outcomes.read, 100);  // for example another name of the tensor
}

// The form before PyTorch 1.6 has no checksum: whatever changes in a tensor's elements is read.
TEST(ChangedBytesTest, TorchSequenceIsReadOrRefused) {
  for (const char* name : {"hostile/sequence_part.pt", "sequence_names.bin"}) {
    const std::string content = read_file(fixture_path(name));
    const Outcomes outcomes = try_changed(content, 0, content.size(), [](const std::string& changed) {
      touch(parse_torch_file(as_bytes_of(changed), "FILE").tensors);
    });
    EXPECT_GT(outcomes.refused, 10'000) << name;
    EXPECT_GT(outcomes.read, 3 * 4 * 255) << name;
  }
}

TEST(ChangedBytesTest, EveryBeginningOfAFileIsRefused) {
  for (const char* name : {"all_types.safetensors", "plain.bin", "hostile/handmade_zip64.pt", "sequence_protocol_0.bin",
                           "sequence_protocol_1.bin", "sequence_protocol_2.bin", "sequence_protocol_5.bin"}) {
    const std::string content = read_file(fixture_path(name));
    for (size_t length = 0; length < content.size(); ++length) {
      const std::string cut = content.substr(0, length);
      const std::string message = message_of([&] {
        if (!fs::path(name).extension().string().starts_with(".safe")) {
          parse_torch_file(as_bytes_of(cut), "FILE");
        } else {
          parse_safetensors(as_bytes_of(cut), "FILE");
        }
      });
      ASSERT_NE(message, "") << name << " cut to " << length;
    }
  }
}

}  // namespace
}  // namespace retort::checkpoint
