#include "retort/store/synced_files.h"

#include "retort/base/error.h"
#include "retort/base/folder.h"
#include "retort/base/json.h"

namespace retort::store {
namespace {

namespace fs = std::filesystem;

bool is_unfinished_folder(const fs::directory_entry& entry) {
  return entry.is_directory() && entry.path().filename().string().starts_with('.');
}
bool is_lock(const fs::path& path) { return path.filename().string().ends_with(".lock"); }

// A file that vanishes meanwhile (a checkpoint that is rotated) is left out.
void add_file(const fs::path& path, const std::string& name, std::map<std::string, LocalFile>& files) {
  std::error_code failure;
  const auto size = fs::file_size(path, failure);
  const auto time = fs::last_write_time(path, failure);
  if (!failure) files[name] = {static_cast<int64_t>(size), time.time_since_epoch().count()};
}

}  // namespace

std::map<std::string, LocalFile> list_local_files(const fs::path& root) {
  std::map<std::string, LocalFile> files;
  if (is_real_file(root)) add_file(root, "", files);
  std::error_code failure;
  fs::recursive_directory_iterator entry(root, failure);
  while (!failure && entry != fs::recursive_directory_iterator()) {
    if (is_unfinished_folder(*entry)) entry.disable_recursion_pending();
    if (is_real_file(entry->path()) && !is_lock(entry->path()))
      add_file(entry->path(), entry->path().lexically_relative(root).string(), files);
    entry.increment(failure);
  }
  return files;
}

SyncedFiles::SyncedFiles(const fs::path& root)
    : path_(root.parent_path() / fmt::format(".{}.synced.json", root.filename().string())) {
  try {
    const Json record = read_json_file(path_);
    for (const auto& [name, pair] : record.items())
      files_[name] = {
          {pair.at(0).get<int64_t>(), pair.at(1).get<int64_t>()}, pair.at(2).get<int64_t>(), pair.at(3).get<int64_t>()};
  } catch (const std::exception&) {  // missing or damaged: everything is compared by its time
    files_.clear();
  }
}

bool SyncedFiles::has_local(const std::string& name, const LocalFile& file) const {
  const auto found = files_.find(name);
  return found != files_.end() && found->second.local == file;
}

bool SyncedFiles::has_stored(const StoredObject& object) const {
  const auto found = files_.find(object.name);
  return found != files_.end() && found->second.stored_ns == object.modified_ns &&
         found->second.stored_bytes == object.byte_count;
}

void SyncedFiles::set(const StoredObject& object, const LocalFile& file) {
  files_[object.name] = {file, object.modified_ns, object.byte_count};
}

std::map<std::string, LocalFile> SyncedFiles::locals() const {
  std::map<std::string, LocalFile> locals;
  for (const auto& [name, pair] : files_) locals[name] = pair.local;
  return locals;
}

void SyncedFiles::write() const {
  Json values = Json::object();
  for (const auto& [name, pair] : files_)
    values[name] = {pair.local.byte_count, pair.local.modified_ns, pair.stored_ns, pair.stored_bytes};
  make_folder(path_.parent_path());
  write_json_file(path_, values, -1);
}

}  // namespace retort::store
