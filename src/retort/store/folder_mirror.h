// A local folder or file and its copy in an object store. Commands work on the local one; the mirror fetches what the
// store has newer before the work and stores what has changed during it, so a checkpoint leaves the machine soon after
// it was written.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "retort/store/object_store.h"
#include "retort/store/synced_files.h"

namespace retort::store {

class FolderMirror {
 public:
  FolderMirror(const std::string& url, std::filesystem::path local);
  // Stops the uploads and stores what is left; a failure is only logged.
  ~FolderMirror();
  FolderMirror(const FolderMirror&) = delete;
  FolderMirror& operator=(const FolderMirror&) = delete;

  // Makes the local files equal to the stored ones: fetches new and newer objects, and removes files that came from the
  // store and are no longer there. Files that were not stored yet stay. Returns the number of objects in the store.
  int64_t fetch();

  // Stores changed files from now on, every `interval`, in a thread of its own.
  void start_uploads(std::chrono::seconds interval);

  // Stores all changed files and removes those that were removed here. Throws UserError that names the local folder,
  // where everything is kept.
  void finish();

  bool uploads() const { return uploads_; }
  const std::filesystem::path& local() const { return local_; }

 private:
  enum class Which { kSettled, kAll };
  void upload_changes(Which which);
  void run_uploads(std::chrono::seconds interval);
  void stop_thread();

  std::string url_;  // as the user gave it
  std::filesystem::path local_;
  ObjectStore store_;
  SyncedFiles synced_;
  bool uploads_ = false, is_finished_ = false, is_stopping_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace retort::store
