// The directory of an uncompressed ZIP archive as PyTorch writes it. Nothing is extracted; an entry is a view of the
// file. Format: PKWARE APPNOTE 6.3.9, sections 4.3 to 4.5 (with ZIP64).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retort::checkpoint {

struct ZipEntry {
  std::string_view name;             // a relative path with `/`, without `..`
  std::span<const std::byte> bytes;  // as stored
  uint32_t checksum = 0;             // expected CRC-32 of `bytes`
  uint64_t header_begin = 0;         // offset of the entry's local header in the file
};

// The entries in the order of their offsets. Throws UserError that names `subject` for compressed entries, encryption,
// several disks, names that leave the folder or repeat, and inconsistent or overlapping sizes and offsets. Does not
// check checksums.
std::vector<ZipEntry> parse_zip(std::span<const std::byte> file_bytes, const std::string& subject);

// Compares every entry's bytes with its checksum, in parallel. Throws UserError that names the entry.
void check_zip_checksums(std::span<const ZipEntry> entries, const std::string& subject);

}  // namespace retort::checkpoint
