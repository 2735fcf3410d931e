#include "retort/data/feature_cache.h"

#include <bit>
#include <cstring>
#include <fstream>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/folder.h"
#include "retort/base/hash.h"
#include "retort/base/log.h"

namespace retort::data {
namespace {

static_assert(std::endian::native == std::endian::little, "column files are little-endian and read in place");

constexpr char kMagic[8] = {'R', 'T', 'R', 'T', 'C', 'O', 'L', '\n'};
constexpr uint32_t kFormatVersion = 1;
constexpr uint32_t kEndianMark = 0x01020304;
constexpr size_t kAlignment = 64;

struct FileHeader {
  char magic[8];
  uint32_t byte_order, version;
  char key[32];  // hexadecimal
  uint32_t column_count, reserved;
  uint64_t table_checksum;  // of the header, with 0 in this field, and the table
};
static_assert(sizeof(FileHeader) == 64);

struct ColumnHeader {
  char name[32];  // padded with zeros
  uint32_t element_bytes, reserved;
  uint64_t offset_bytes, byte_count, checksum;
};
static_assert(sizeof(ColumnHeader) == 64);

size_t aligned(size_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

uint64_t checksum_of_table(FileHeader header, std::span<const ColumnHeader> table) {
  header.table_checksum = 0;
  std::vector<std::byte> bytes(sizeof(header) + table.size_bytes());
  std::memcpy(bytes.data(), &header, sizeof(header));
  if (!table.empty()) std::memcpy(bytes.data() + sizeof(header), table.data(), table.size_bytes());
  return hash_bytes(bytes);
}

std::vector<ColumnHeader> make_table(const ColumnStore& columns) {
  std::vector<ColumnHeader> table;
  size_t offset = aligned(sizeof(FileHeader) + columns.columns().size() * sizeof(ColumnHeader));
  for (const ColumnStore::Column& column : columns.columns()) {
    ColumnHeader header{};
    std::memcpy(header.name, column.name.data(), column.name.size());
    header.element_bytes = column.element_bytes;
    header.offset_bytes = offset;
    header.byte_count = column.bytes.size();
    header.checksum = hash_bytes(column.bytes);
    table.push_back(header);
    offset = aligned(offset + column.bytes.size());
  }
  return table;
}

// Returns the table after checking it and the header; throws UserError with the reason.
std::span<const ColumnHeader> checked_table(std::span<const std::byte> bytes, const std::string& key) {
  FileHeader header;
  if (bytes.size() < sizeof(header)) throw UserError("it is truncated");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) throw UserError("it is not a column file");
  if (header.byte_order != kEndianMark) throw UserError("it has the byte order of another machine");
  if (header.version != kFormatVersion)
    throw UserError("it has format version {}, but this program reads {}", header.version, kFormatVersion);
  if (header.column_count > (bytes.size() - sizeof(header)) / sizeof(ColumnHeader)) throw UserError("it is truncated");
  const std::span table(reinterpret_cast<const ColumnHeader*>(bytes.data() + sizeof(header)), header.column_count);
  if (checksum_of_table(header, table) != header.table_checksum) throw UserError("its header is damaged");
  if (!key.empty() && std::string_view(header.key, sizeof(header.key)) != key)
    throw UserError("it belongs to other data");
  return table;
}

ColumnStore::Column checked_column(const ColumnHeader& header, std::span<const std::byte> file) {
  const std::string name(header.name, strnlen(header.name, sizeof(header.name)));
  const bool is_valid = !name.empty() && name.size() < sizeof(header.name) && header.element_bytes > 0 &&
                        header.offset_bytes % kAlignment == 0 && header.byte_count % header.element_bytes == 0;
  if (!is_valid) throw UserError("the column `{}` is invalid", name);
  if (header.offset_bytes > file.size() || header.byte_count > file.size() - header.offset_bytes)
    throw UserError("it is truncated in the column `{}`", name);
  const auto bytes = file.subspan(header.offset_bytes, header.byte_count);
  if (hash_bytes(bytes) != header.checksum) throw UserError("the column `{}` is damaged", name);
  return {name, header.element_bytes, bytes};
}

void check_content(const ColumnStore& columns, const std::filesystem::path& path,
                   const std::function<void(const ColumnStore&)>& check) {
  try {
    check(columns);
  } catch (const UserError& error) {
    throw UserError("`{}` cannot be used: {}", path.string(), error.what());
  }
}

// Returns the cached columns if the file exists and is valid.
std::optional<ColumnStore> maybe_read(const std::filesystem::path& path, const std::string& key,
                                      const std::function<void(const ColumnStore&)>& check) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return {};
  try {
    ColumnStore columns = read_column_file(path, key);
    check_content(columns, path, check);
    return columns;
  } catch (const UserError& error) {
    log_warning("{}; rebuilding it", error.what());
    return {};
  }
}

}  // namespace

void CacheOptions::fields(FieldList& list) {
  list.add("cache_dir", cache_dir, {.help = "Folder for feature caches; empty: the user's cache folder."});
  list.add("cache_sources", cache_sources,
           {.help = "More folders whose caches are used, for example s3://BUCKET/KEY."});
  list.add("overwrite_cache", overwrite_cache, {.help = "Rebuild the features even when a cache exists."});
  list.add("use_cache", use_cache, {.help = "Store features in a cache file."});
}

bool is_column_file(const std::filesystem::path& path) {
  char begin[sizeof(kMagic)] = {};
  std::ifstream(path, std::ios::binary).read(begin, sizeof(begin));
  return std::memcmp(begin, kMagic, sizeof(kMagic)) == 0;
}

void write_column_file(const std::filesystem::path& path, const std::string& key, const ColumnStore& columns) {
  FileHeader header{};
  RETORT_CHECK(key.size() == sizeof(header.key), "the key `{}` must have {} digits", key, sizeof(header.key));
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  std::memcpy(header.key, key.data(), key.size());
  header.byte_order = kEndianMark;
  header.version = kFormatVersion;
  header.column_count = static_cast<uint32_t>(columns.columns().size());
  const std::vector<ColumnHeader> table = make_table(columns);
  header.table_checksum = checksum_of_table(header, table);
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&header, 1)));
  file.write(std::as_bytes(std::span(table)));
  size_t written = sizeof(header) + table.size() * sizeof(ColumnHeader);
  constexpr std::byte kZeros[kAlignment] = {};
  for (size_t i = 0; i < table.size(); ++i) {
    file.write(std::span(kZeros, table[i].offset_bytes - written));
    file.write(columns.columns()[i].bytes);
    written = table[i].offset_bytes + table[i].byte_count;
  }
  file.publish();
}

ColumnStore read_column_file(const std::filesystem::path& path, const std::string& key) {
  auto file = std::make_shared<const MappedFile>(path);
  try {
    ColumnStore store;
    for (const ColumnHeader& header : checked_table(file->bytes(), key)) {
      ColumnStore::Column column = checked_column(header, file->bytes());
      if (store.maybe_find(column.name) != nullptr) throw UserError("it has the column `{}` twice", column.name);
      store.add_column(std::move(column), file);
    }
    return store;
  } catch (const UserError& error) {
    throw UserError("`{}` cannot be used: {}", path.string(), error.what());
  }
}

std::filesystem::path cache_file(const CacheOptions& options, std::string_view kind, const std::string& key) {
  const std::filesystem::path folder =
      options.cache_dir.empty() ? user_cache_folder() / "features" : fs::path(options.cache_dir);
  return folder / fmt::format("{}-{}.columns", kind, key);
}

// Returns the first valid cache of this name in the cache folder and the further sources.
static std::optional<ColumnStore> maybe_read_any(const CacheOptions& options, const std::filesystem::path& path,
                                                 const std::string& key,
                                                 const std::function<void(const ColumnStore&)>& check) {
  if (std::optional<ColumnStore> cached = maybe_read(path, key, check)) return cached;
  for (const std::string& folder : options.cache_sources)
    if (std::optional<ColumnStore> cached = maybe_read(fs::path(folder) / path.filename(), key, check)) return cached;
  return {};
}

ColumnStore load_or_build_columns(const CacheOptions& options, std::string_view kind, const std::string& key,
                                  const std::function<ColumnStore()>& build,
                                  const std::function<void(const ColumnStore&)>& check) {
  if (!options.use_cache) return build();
  const std::filesystem::path path = cache_file(options, kind, key);
  if (!options.overwrite_cache)
    if (std::optional<ColumnStore> cached = maybe_read_any(options, path, key, check)) return *std::move(cached);
  ColumnStore columns = build();
  try {
    make_folder(path.parent_path());
    write_column_file(path, key, columns);
  } catch (const UserError& error) {
    log_warning("continuing without a feature cache: {}", error.what());
  }
  return columns;
}

void warn_of_left_out(int64_t count, const std::filesystem::path& file) {
  if (count > 0)
    log_warning("`{}`: {} records were skipped when its features were made; --overwrite_cache lists them again",
                file.string(), count);
}

std::string hash_file_content(const std::filesystem::path& path) {
  return ContentHash().add(MappedFile(path).text()).hex();
}

}  // namespace retort::data
