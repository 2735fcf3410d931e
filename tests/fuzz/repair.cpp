// The layouts are written here a second time, since their readers are under test. Formats: safetensors.h,
// PKWARE APPNOTE 4.3, feature_cache.h, manifest.h.
#include "fuzz/repair.h"

#include <cstring>
#include <vector>

#include "fuzz/input.h"
#include "retort/base/hash.h"
#include "retort/base/json.h"
#include "retort/checkpoint/zip_archive.h"
#include "retort/checkpoint/zip_checksum.h"

namespace retort::fuzz {
namespace {

template <typename T>
T number_at(std::string_view bytes, size_t place) {
  T value;
  std::memcpy(&value, bytes.data() + place, sizeof(T));
  return value;
}

template <typename T>
void put_number(std::string& bytes, size_t place, T value) {
  std::memcpy(bytes.data() + place, &value, sizeof(T));
}

template <typename T>
void append_number(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// The fields that both headers of a ZIP entry hold, and the whole entry.
struct StoredEntry {
  std::string name, content;
  uint32_t begin = 0;
};

void append_shared_header(std::string& zip, const StoredEntry& entry) {
  for (const uint16_t zero : {20, 0, 0, 0, 0}) append_number<uint16_t>(zip, zero);  // version, flags, stored, time
  append_number(zip, checkpoint::compute_crc32(bytes_of(entry.content)));
  for (int i = 0; i < 2; ++i) append_number(zip, static_cast<uint32_t>(entry.content.size()));
  append_number(zip, static_cast<uint16_t>(entry.name.size()));
  append_number<uint16_t>(zip, 0);
}

std::string zip_of(std::vector<StoredEntry> entries) {
  std::string zip;
  for (StoredEntry& entry : entries) {
    entry.begin = static_cast<uint32_t>(zip.size());
    zip += "PK\x03\x04";
    append_shared_header(zip, entry);
    zip += entry.name + entry.content;
  }
  const auto directory = static_cast<uint32_t>(zip.size());
  for (const StoredEntry& entry : entries) {
    zip += std::string("PK\x01\x02\x14\x00", 6);
    append_shared_header(zip, entry);
    zip += std::string(10, '\0');  // comment, disk, attributes
    append_number(zip, entry.begin);
    zip += entry.name;
  }
  const auto directory_bytes = static_cast<uint32_t>(zip.size()) - directory;
  zip += std::string("PK\x05\x06\0\0\0\0", 8);
  for (int i = 0; i < 2; ++i) append_number(zip, static_cast<uint16_t>(entries.size()));
  append_number(zip, directory_bytes), append_number(zip, directory), append_number<uint16_t>(zip, 0);
  return zip;
}

}  // namespace

std::string with_header_length(std::string_view input) {
  std::string repaired(input);
  const size_t end = input.rfind('}');
  if (end != input.npos && end >= 8) put_number<uint64_t>(repaired, 0, end + 1 - 8);
  return repaired;
}

std::string with_zip_checksums(std::string_view input) {
  std::string repaired(input);
  std::vector<checkpoint::ZipEntry> entries;
  if (!takes([&] { entries = checkpoint::parse_zip(bytes_of(input), "input"); })) return repaired;
  for (const checkpoint::ZipEntry& entry : entries)
    put_number(repaired, entry.header_begin + 14, checkpoint::compute_crc32(entry.bytes));
  for (size_t place = input.find("PK\x01\x02"); place != input.npos && place + 46 <= input.size();
       place = input.find("PK\x01\x02", place + 4))
    for (const checkpoint::ZipEntry& entry : entries)
      if (number_at<uint32_t>(input, place + 42) == entry.header_begin)
        put_number(repaired, place + 16, checkpoint::compute_crc32(entry.bytes));
  return repaired;
}

std::string torch_file_of(std::string_view pickle) {
  const std::string storage(64, '\x3f');
  return zip_of({{"a/data.pkl", std::string(pickle)},
                 {"a/byteorder", "little"},
                 {"a/data/0", storage},
                 {"a/data/1", storage},
                 {"a/version", "3\n"}});
}

std::string with_column_checksums(std::string_view input) {
  constexpr size_t kRow = 64;
  std::string repaired(input);
  if (input.size() < kRow) return repaired;
  const uint64_t columns = number_at<uint32_t>(input, 48);
  if (columns > input.size() / kRow - 1) return repaired;
  for (size_t row = kRow; row < (columns + 1) * kRow; row += kRow) {
    const auto offset = number_at<uint64_t>(input, row + 40), count = number_at<uint64_t>(input, row + 48);
    if (offset <= input.size() && count <= input.size() - offset)
      put_number(repaired, row + 56, hash_bytes(bytes_of(input).subspan(offset, count)));
  }
  put_number<uint64_t>(repaired, 56, 0);
  put_number(repaired, 56, hash_bytes(bytes_of(repaired).first((columns + 1) * kRow)));
  return repaired;
}

std::string with_manifest_checksum(std::string_view input) {
  Json manifest;
  if (!takes([&] { manifest = parse_json(input, "input"); }) || !manifest.is_object() || !manifest.contains("files"))
    return std::string(input);
  const std::string files = manifest["files"].dump();
  manifest["checksum"] = fmt::format("{:016x}", hash_bytes(bytes_of(files)));
  return manifest.dump(2) + "\n";
}

}  // namespace retort::fuzz
