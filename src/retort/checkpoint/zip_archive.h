// The directory of a ZIP archive as PyTorch writes it: every entry stored, none compressed. Nothing is extracted; an
// entry is a view of the file. Format: PKWARE APPNOTE 6.3.9, sections 4.3 to 4.5 (with ZIP64).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retort::checkpoint {

struct ZipEntry {
  std::string_view name;             // a relative path with `/`, free of `..`
  std::span<const std::byte> bytes;  // as stored
  uint32_t checksum = 0;             // CRC-32 that `bytes` should have
  uint64_t header_begin = 0;         // place of the entry's local header in the file
};

// The entries in the order of their bytes. Throws UserError that names `subject` for anything but stored entries,
// encryption, several disks, names that leave the folder or come twice, and sizes or places that disagree or overlap.
// Checksums are not looked at.
std::vector<ZipEntry> parse_zip(std::span<const std::byte> file_bytes, const std::string& subject);

// Compares every entry's bytes with its checksum, several entries at once. Throws UserError that names the entry.
void check_zip_checksums(std::span<const ZipEntry> entries, const std::string& subject);

// CRC-32 as ZIP has it (polynomial 0xEDB88320, reflected).
uint32_t compute_crc32(std::span<const std::byte> bytes);

}  // namespace retort::checkpoint
