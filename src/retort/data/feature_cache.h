// Feature caches: a ColumnStore in a file whose name and header contain the key, a hash of everything that its content
// depends on, so a stale cache is never read. Files are written under a temporary name, renamed when complete, and
// mapped read-only, so any number of processes may write and read at once; all write equal content.
//
// File: header (64 bytes), table of columns (64 bytes each), columns aligned to 64 bytes; little-endian; one XXH3
// checksum for header and table and one per column.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "retort/base/fields.h"
#include "retort/data/column_store.h"

namespace retort::data {

struct CacheOptions {
  std::string cache_dir = "";              // empty: the user's cache folder, see user_cache_folder()
  std::vector<std::string> cache_sources;  // more folders whose caches are used; nothing is written there
  bool overwrite_cache = false;            // rebuild an existing cache
  bool use_cache = true;                   // false: build in memory, use no file

  void fields(FieldList& list);
};

// Returns the cached columns of `kind` ("squad-train") and `key` (ContentHash::hex), or those that `build` returns,
// which it then stores. A damaged, foreign or older file, and one for which `check` throws UserError, is rebuilt, with
// a log line; a folder that is not writable causes only a warning.
ColumnStore load_or_build_columns(const CacheOptions& options, std::string_view kind, const std::string& key,
                                  const std::function<ColumnStore()>& build,
                                  const std::function<void(const ColumnStore&)>& check);

// Warns that the cached features lack records of `file`.
void warn_of_left_out(int64_t count, const std::filesystem::path& file);

// Returns the path of that cache.
std::filesystem::path cache_file(const CacheOptions& options, std::string_view kind, const std::string& key);

// Returns a hash of a file's content for keys.
std::string hash_file_content(const std::filesystem::path& path);

// Write and read one column file. Reading maps it, checks everything except the values of columns, and throws UserError
// with the reason; `key` must be the file's unless it is empty.
void write_column_file(const std::filesystem::path& path, const std::string& key, const ColumnStore& columns);
ColumnStore read_column_file(const std::filesystem::path& path, const std::string& key);

// Returns whether a file has the header of column files.
bool is_column_file(const std::filesystem::path& path);

}  // namespace retort::data
