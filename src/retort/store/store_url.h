// URLs of object stores, as users give them in place of a path: s3://bucket/key, gs://bucket/key.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace retort::store {

// Returns whether a value names something in an object store.
bool is_store_url(std::string_view text);

struct StoreUrl {
  std::string scheme;    // "s3" or "gs"
  std::string location;  // "bucket/key", without a slash at its end
  std::string query;     // "?region=..." or empty
};

// Throws UserError when the bucket is missing, or the key would lead out of a folder (`..`).
StoreUrl parse_store_url(const std::string& text);

// The local copy of an object or folder: in the user's cache folder, by scheme and location.
std::filesystem::path local_copy(const StoreUrl& url);

}  // namespace retort::store
