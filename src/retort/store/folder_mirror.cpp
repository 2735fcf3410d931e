#include "retort/store/folder_mirror.h"

#include <algorithm>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/log.h"

namespace retort::store {
namespace {

// Larger files that have just been written are probably still growing; they wait for the next round.
constexpr int64_t kSmallBytes = 1 << 20;
constexpr std::chrono::seconds kSettlingTime{10};

bool is_settled(const LocalFile& file) {
  const auto now = fs::file_time_type::clock::now().time_since_epoch();
  return file.byte_count <= kSmallBytes || now - std::chrono::nanoseconds(file.modified_ns) > kSettlingTime;
}

// By these files readers recognize that a folder is complete, so they are stored after all others.
int rank_of(const std::string& name) {
  const std::string file = fs::path(name).filename().string();
  return file == "DONE" ? 3 : file == "config.json" ? 2 : file == "MANIFEST.json" ? 1 : 0;
}

std::vector<std::string> in_upload_order(const std::map<std::string, LocalFile>& files) {
  std::vector<std::string> names;
  for (const auto& entry : files) names.push_back(entry.first);
  std::stable_sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return rank_of(a) < rank_of(b); });
  return names;
}

// fs::file_time_type counts from another year than the store.
int64_t unix_nanoseconds(const LocalFile& file) {
  const auto time = fs::file_time_type(fs::file_time_type::duration(file.modified_ns));
  return std::chrono::file_clock::to_sys(time).time_since_epoch().count();
}

}  // namespace

FolderMirror::FolderMirror(const std::string& url, std::filesystem::path local)
    : url_(url), local_(std::move(local)), store_(url), synced_(local_) {}

FolderMirror::~FolderMirror() {
  try {
    stop_thread();
    if (uploads_ && !is_finished_) finish();
  } catch (const std::exception& error) {
    log_warning("{}", error.what());
  }
}

int64_t FolderMirror::fetch() {
  const auto objects = store_.list();
  auto files = list_local_files(local_);
  std::map<std::string, LocalFile> vanished = synced_.locals();
  int64_t fetched = 0, bytes = 0;
  for (const StoredObject& object : objects) {
    vanished.erase(object.name);
    const auto file = files.find(object.name);
    const bool is_here = file != files.end();
    if (is_here && synced_.has_stored(object)) continue;  // equal, or changed here only
    if (is_here && !synced_.has_local(object.name, file->second) && unix_nanoseconds(file->second) > object.modified_ns)
      continue;  // changed here after the store's
    const fs::path path = object.name.empty() ? local_ : local_ / object.name;
    store_.download(object, path);
    synced_.set(object, list_local_files(path).at(""));
    ++fetched, bytes += object.byte_count;
  }
  for (const auto& [name, file] : vanished) {
    if (files.contains(name) && files[name] == file) fs::remove(name.empty() ? local_ : local_ / name);
    synced_.erase(name);
  }
  synced_.write();
  if (fetched > 0) log_info("fetched {} files ({} bytes) from `{}` into `{}`", fetched, bytes, url_, local_.string());
  return static_cast<int64_t>(objects.size());
}

void FolderMirror::start_uploads(std::chrono::seconds interval) {
  uploads_ = true;
  thread_ = std::thread([this, interval] { run_uploads(interval); });
}

// A store that does not answer must not stop the training: the next round tries again, and the end reports it.
void FolderMirror::run_uploads(std::chrono::seconds interval) {
  for (std::unique_lock lock(mutex_); !wake_.wait_for(lock, interval, [this] { return is_stopping_; });) {
    lock.unlock();
    try {
      upload_changes(Which::kSettled);
    } catch (const std::exception& error) {
      log_warning("{}; the next upload is tried in {} s", error.what(), interval.count());
    }
    lock.lock();
  }
}

void FolderMirror::upload_changes(Which which) {
  const auto files = list_local_files(local_);
  for (const auto& [name, file] : synced_.locals()) {
    if (files.contains(name)) continue;
    store_.remove(name);
    synced_.erase(name);
  }
  for (const std::string& name : in_upload_order(files)) {
    const LocalFile& file = files.at(name);
    if (synced_.has_local(name, file) || (which == Which::kSettled && !is_settled(file))) continue;
    const fs::path path = name.empty() ? local_ : local_ / name;
    if (!fs::exists(path)) continue;  // removed meanwhile
    synced_.set(store_.upload(path, name), file);
  }
  synced_.write();
}

void FolderMirror::stop_thread() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void FolderMirror::finish() {
  stop_thread();
  is_finished_ = true;
  try {
    upload_changes(Which::kAll);
  } catch (const UserError& error) {
    throw UserError("{}; everything is kept in `{}`, and the same command with --resume stores it", error.what(),
                    local_.string());
  }
}

}  // namespace retort::store
