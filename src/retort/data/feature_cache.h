// Feature caches: a ColumnStore in a file whose name and header carry the key, a hash of everything its content depends
// on, so a stale cache cannot be taken for a fresh one. Files are published whole under a temporary name and mapped
// read-only, so any number of processes may build and read at once; the last one to publish wins with equal content.
//
// File: header (64 bytes), table of columns (64 bytes each), columns aligned to 64 bytes; little-endian; an XXH3
// checksum for the header with its table and for every column.
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
  std::string cache_dir = "";    // empty: a folder of the user's, see user_cache_folder()
  bool overwrite_cache = false;  // build anew even when a cache is there
  bool use_cache = true;         // false: build in memory, touch no file

  void fields(FieldList& list);
};

// The cached columns of `kind` ("squad-train") and `key` (ContentHash::hex), or those that `build` makes, which are
// then stored. A damaged, foreign or older file, and one that `check` throws UserError for, is built anew with a log
// line; a folder that cannot be written costs a warning and nothing else.
ColumnStore load_or_build_columns(const CacheOptions& options, std::string_view kind, const std::string& key,
                                  const std::function<ColumnStore()>& build,
                                  const std::function<void(const ColumnStore&)>& check);

// Says that the cached features lack records of `file`, which nobody names again.
void warn_of_left_out(int64_t count, const std::filesystem::path& file);

// Where load_or_build_columns keeps that cache.
std::filesystem::path cache_file(const CacheOptions& options, std::string_view kind, const std::string& key);

// Hash of a file's content, for keys.
std::string hash_file_content(const std::filesystem::path& path);

// One column file. Reading maps it, checks all but what the columns mean, and throws UserError that says what is wrong;
// `key` must be the file's unless it is empty.
void write_column_file(const std::filesystem::path& path, const std::string& key, const ColumnStore& columns);
ColumnStore read_column_file(const std::filesystem::path& path, const std::string& key);

// Whether a file begins as column files do.
bool is_column_file(const std::filesystem::path& path);

}  // namespace retort::data
