#include "retort/store/remote_paths.h"

#include <algorithm>
#include <cstdlib>

#include "retort/base/error.h"
#include "retort/base/path_names.h"
#include "retort/store/folder_mirror.h"
#include "retort/store/store_url.h"

namespace retort::store {
namespace {

// Settings that name what a command writes begin with `output_` or `save_`; caches are read and written.
bool is_output(const Field& field) {
  return field.name.starts_with("output_") || field.name.starts_with("save_") || field.name == "cache_dir";
}

std::chrono::seconds upload_interval() {
  const char* const value = std::getenv("RETORT_UPLOAD_SECONDS");
  return std::chrono::seconds(value == nullptr ? 15 : std::max(1, std::atoi(value)));
}

}  // namespace

RemotePaths::RemotePaths(FieldList& list, bool (*uploads)()) {
  for (Field& field : list.all()) {
    if (auto* const value = std::get_if<std::string*>(&field.target)) replace(field, **value, uploads);
    if (auto* const values = std::get_if<std::vector<std::string>*>(&field.target))
      for (std::string& value : **values) replace(field, value, uploads);
  }
}

RemotePaths::~RemotePaths() = default;

void RemotePaths::replace(const Field& field, std::string& value, bool (*uploads)()) {
  if (!is_store_url(value)) return;
  const StoreUrl url = parse_store_url(value);
  auto mirror = std::make_unique<FolderMirror>(value, local_copy(url));
  const int64_t count = mirror->fetch();
  if (is_output(field)) {
    if (uploads()) mirror->start_uploads(upload_interval());
  } else if (count == 0 && field.name != "cache_sources") {  // a cache may be empty
    throw UserError("`--{}` must name an object or folder that exists, but there is nothing at `{}`", field.name,
                    value);
  }
  name_path(mirror->local().string(), fmt::format("{}://{}", url.scheme, url.location));
  value = mirror->local().string();
  mirrors_.push_back(std::move(mirror));
}

void RemotePaths::finish() {
  try {
    for (const auto& mirror : mirrors_)
      if (mirror->uploads()) mirror->finish();
  } catch (const UserError&) {
    forget_path_names();  // the message names the local folder
    throw;
  }
}

}  // namespace retort::store
