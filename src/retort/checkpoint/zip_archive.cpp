// See zip_archive.h. Each record is checked against the previous one, from the end of the file to its beginning: the
// end record locates the central directory, the directory the entries, and each local header must agree with the
// directory.
#include "retort/checkpoint/zip_archive.h"

#include <algorithm>
#include <set>

#include "retort/base/thread.h"
#include "retort/checkpoint/byte_cursor.h"
#include "retort/checkpoint/named_tensor.h"
#include "retort/checkpoint/zip_checksum.h"

namespace retort::checkpoint {
namespace {

constexpr uint32_t kLocalSignature = 0x04034B50, kCentralSignature = 0x02014B50, kEndSignature = 0x06054B50;
constexpr uint32_t kEnd64Signature = 0x06064B50, kLocator64Signature = 0x07064B50;
constexpr size_t kEndBytes = 22, kLocator64Bytes = 20, kEnd64Bytes = 56, kMaxCommentBytes = 65535;
constexpr uint32_t kIn64 = 0xFFFFFFFF;  // the value is in the ZIP64 record
constexpr uint16_t kEncryptedFlag = 1, kSizesFollowFlag = 8, kStoredMethod = 0, kZip64ExtraId = 1;
constexpr const char* kZipRemedy = "the file is damaged or was tampered with: download it or save it again";

// The central directory: its location and number of entries.
struct Directory {
  uint64_t begin = 0, byte_count = 0, entry_count = 0;
};

class ZipReader {
 public:
  ZipReader(std::span<const std::byte> bytes, const std::string& subject) : bytes_(bytes), subject_(subject) {}

  std::vector<ZipEntry> read() {
    const Directory directory = find_directory();
    ByteCursor cursor(bytes_.subspan(directory.begin, directory.byte_count), subject_);
    std::vector<ZipEntry> entries;
    for (uint64_t i = 0; i < directory.entry_count; ++i) entries.push_back(read_entry(cursor, directory.begin));
    if (cursor.remaining_bytes() != 0) fail("a directory of exactly {} entries, but has more", directory.entry_count);
    check_apart(entries);
    return entries;
  }

 private:
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) const {
    throw UserError("the ZIP archive `{}` must have {}; {}", subject_, fmt::format(text, std::forward<Args>(args)...),
                    kZipRemedy);
  }

  uint32_t signature_at(size_t position) const {
    uint32_t signature = 0;
    std::memcpy(&signature, bytes_.data() + position, sizeof signature);
    return signature;
  }

  // The end record is the last record, followed only by a comment whose length it gives.
  size_t find_end_record() const {
    if (bytes_.size() < kEndBytes) fail("an end record, but the file has only {} bytes", bytes_.size());
    const size_t last = bytes_.size() - kEndBytes;
    const size_t first = last - std::min(last, kMaxCommentBytes);
    for (size_t position = last + 1; position-- > first;) {
      if (signature_at(position) != kEndSignature) continue;
      uint16_t comment_bytes = 0;
      std::memcpy(&comment_bytes, bytes_.data() + position + 20, sizeof comment_bytes);
      if (comment_bytes == last - position) return position;
    }
    fail("an end record, but has none: it is truncated");
  }

  Directory find_directory() const {
    const size_t end = find_end_record();
    ByteCursor cursor(bytes_.subspan(end + 4, kEndBytes - 4), subject_);
    const auto disk = cursor.take<uint16_t>(), directory_disk = cursor.take<uint16_t>();
    const auto entries_here = cursor.take<uint16_t>(), entries = cursor.take<uint16_t>();
    const auto byte_count = cursor.take<uint32_t>(), begin = cursor.take<uint32_t>();
    const bool has_locator = end >= kLocator64Bytes && signature_at(end - kLocator64Bytes) == kLocator64Signature;
    if (has_locator) return find_directory64(end - kLocator64Bytes);
    if (disk != 0 || directory_disk != 0 || entries_here != entries) fail("one disk, but claims several");
    return checked(Directory{begin, byte_count, entries}, end);
  }

  Directory find_directory64(size_t locator) const {
    ByteCursor cursor(bytes_.subspan(locator + 8, 8), subject_);
    const auto record = cursor.take<uint64_t>();
    if (locator < kEnd64Bytes || record > locator - kEnd64Bytes || signature_at(record) != kEnd64Signature) {
      fail("a ZIP64 end record at byte {}, but has none there", record);
    }
    ByteCursor fields(bytes_.subspan(record + 4, kEnd64Bytes - 4), subject_);
    const auto record_bytes = fields.take<uint64_t>();
    if (record_bytes != locator - record - 12)
      fail("a ZIP64 end record of {} bytes, but it claims {}", locator - record - 12, record_bytes);
    fields.take<uint32_t>();  // versions
    const auto disk = fields.take<uint32_t>(), directory_disk = fields.take<uint32_t>();
    const auto entries_here = fields.take<uint64_t>(), entries = fields.take<uint64_t>();
    const auto byte_count = fields.take<uint64_t>(), begin = fields.take<uint64_t>();
    if (disk != 0 || directory_disk != 0 || entries_here != entries) fail("one disk, but claims several");
    return checked(Directory{begin, byte_count, entries}, record);
  }

  // The directory must end where the end records begin.
  Directory checked(Directory directory, uint64_t end) const {
    if (directory.begin > end || directory.byte_count != end - directory.begin) {
      fail("its directory before the end record at byte {}, but claims {} bytes from byte {}", end,
           directory.byte_count, directory.begin);
    }
    return directory;
  }

  ZipEntry read_entry(ByteCursor& cursor, uint64_t directory_begin) const {
    if (cursor.take<uint32_t>() != kCentralSignature)
      fail("an entry at byte {} of its directory, but has none", cursor.position() - 4);
    cursor.take<uint32_t>();  // versions
    const auto flags = cursor.take<uint16_t>(), method = cursor.take<uint16_t>();
    cursor.take<uint32_t>();  // time
    ZipEntry entry;
    entry.checksum = cursor.take<uint32_t>();
    uint64_t stored_bytes = cursor.take<uint32_t>(), byte_count = cursor.take<uint32_t>();
    const auto name_bytes = cursor.take<uint16_t>(), extra_bytes = cursor.take<uint16_t>();
    const auto comment_bytes = cursor.take<uint16_t>(), disk = cursor.take<uint16_t>();
    cursor.take_bytes(6);  // attributes
    entry.header_begin = cursor.take<uint32_t>();
    entry.name = cursor.take_text(name_bytes);
    check_name(entry.name);
    read_zip64_extra(cursor.take_bytes(extra_bytes), entry.name, {&byte_count, &stored_bytes, &entry.header_begin});
    cursor.take_bytes(comment_bytes);
    if (method != kStoredMethod) {
      throw UserError("entry `{}` of `{}` must be uncompressed, but is compressed; save the file again with torch.save",
                      shown_name(entry.name), subject_);
    }
    if ((flags & kEncryptedFlag) != 0 || disk != 0)
      fail("`{}` neither encrypted nor on another disk", shown_name(entry.name));
    if (stored_bytes != byte_count)
      fail("`{}` stored in its own size of {} bytes, but claims {}", shown_name(entry.name), byte_count, stored_bytes);
    entry.bytes = find_bytes(entry, byte_count, directory_begin);
    return entry;
  }

  // Checks that the name is a relative path without `..`; the name of a folder entry ends in `/`.
  void check_name(std::string_view full_name) const {
    const std::string_view name = full_name.substr(0, full_name.size() - (full_name.ends_with('/') ? 1 : 0));
    bool is_safe = !name.empty() && name.find_first_of(std::string_view("\\:\0", 3)) == std::string_view::npos;
    for (size_t begin = 0; is_safe && begin <= name.size();) {
      const size_t end = std::min(name.find('/', begin), name.size());
      const std::string_view part = name.substr(begin, end - begin);
      is_safe = !part.empty() && part != "." && part != "..";
      begin = end + 1;
    }
    if (!is_safe) fail("entries inside its own folder, but has one named `{}`", shown_name(full_name));
  }

  // Reads the 64-bit values, in the format's order, of those `numbers` that do not fit the 32-bit fields.
  void read_zip64_extra(std::span<const std::byte> extra, std::string_view name,
                        std::initializer_list<uint64_t*> numbers) const {
    ByteCursor cursor(extra, subject_);
    while (cursor.remaining_bytes() >= 4) {
      const auto id = cursor.take<uint16_t>(), field_bytes = cursor.take<uint16_t>();
      ByteCursor field(cursor.take_bytes(field_bytes), subject_);
      if (id != kZip64ExtraId) continue;
      for (uint64_t* number : numbers) {
        if (*number == kIn64) *number = field.take<uint64_t>();
      }
      return;
    }
    for (const uint64_t* number : numbers) {
      if (*number == kIn64) fail("a ZIP64 field for `{}`, but has none", shown_name(name));
    }
  }

  // The entry's bytes, which follow its local header; the header must agree with the directory.
  std::span<const std::byte> find_bytes(const ZipEntry& entry, uint64_t byte_count, uint64_t directory_begin) const {
    if (entry.header_begin > directory_begin)
      fail("`{}` before its directory, but not at byte {}", shown_name(entry.name), entry.header_begin);
    ByteCursor cursor(bytes_.subspan(entry.header_begin, directory_begin - entry.header_begin), subject_);
    const auto signature = cursor.take<uint32_t>();
    cursor.take<uint16_t>();  // version
    const auto flags = cursor.take<uint16_t>(), method = cursor.take<uint16_t>();
    cursor.take<uint32_t>();  // time
    const auto checksum = cursor.take<uint32_t>(), stored_bytes = cursor.take<uint32_t>(),
               own_bytes = cursor.take<uint32_t>();
    const auto name_bytes = cursor.take<uint16_t>(), extra_bytes = cursor.take<uint16_t>();
    const auto name = cursor.take_text(name_bytes);
    cursor.take_bytes(extra_bytes);
    const bool says_sizes = (flags & kSizesFollowFlag) == 0;
    const auto agrees = [&](uint32_t number) { return !says_sizes || number == byte_count || number == kIn64; };
    if (signature != kLocalSignature || name != entry.name || method != kStoredMethod || !agrees(stored_bytes) ||
        !agrees(own_bytes) || (says_sizes && checksum != entry.checksum)) {
      fail("a header for `{}` at byte {} that agrees with its directory, but it does not", shown_name(entry.name),
           entry.header_begin);
    }
    return cursor.take_bytes(byte_count);
  }

  // Checks that names are unique and entries do not overlap. Sorts the entries by their offsets.
  void check_apart(std::vector<ZipEntry>& entries) const {
    std::set<std::string_view> names;
    for (const ZipEntry& entry : entries) {
      if (!names.insert(entry.name).second) fail("each entry once, but has `{}` twice", shown_name(entry.name));
    }
    std::ranges::sort(entries, {}, &ZipEntry::header_begin);
    for (size_t i = 1; i < entries.size(); ++i) {
      const std::byte* end = entries[i - 1].bytes.data() + entries[i - 1].bytes.size();
      if (end > bytes_.data() + entries[i].header_begin) {
        fail("entries apart from each other, but `{}` and `{}` overlap", shown_name(entries[i - 1].name),
             shown_name(entries[i].name));
      }
    }
  }

  std::span<const std::byte> bytes_;
  const std::string& subject_;
};

}  // namespace

std::vector<ZipEntry> parse_zip(std::span<const std::byte> file_bytes, const std::string& subject) {
  return ZipReader(file_bytes, subject).read();
}

void check_zip_checksums(std::span<const ZipEntry> entries, const std::string& subject) {
  constexpr size_t kWorthThreadsBytes = 1 << 20;
  size_t byte_count = 0;
  for (const ZipEntry& entry : entries) byte_count += entry.bytes.size();
  const auto entry_count = static_cast<int64_t>(entries.size());
  const int64_t grain = byte_count < kWorthThreadsBytes ? std::max<int64_t>(entry_count, 1) : 1;
  parallel_for(entry_count, grain, [&](int64_t begin, int64_t end) {
    for (const ZipEntry& entry : entries.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin))) {
      const uint32_t checksum = compute_crc32(entry.bytes);
      if (checksum == entry.checksum) continue;
      throw UserError("entry `{}` of `{}` must have the checksum {:08x}, but has {:08x}; {}", shown_name(entry.name),
                      subject, entry.checksum, checksum, kZipRemedy);
    }
  });
}

}  // namespace retort::checkpoint
