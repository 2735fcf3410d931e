// See folder.h.
#include "retort/base/folder.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "retort/base/error.h"
#include "retort/base/file_descriptor.h"
#include "retort/base/marked_folder.h"

namespace retort {
namespace {

void sync_tree(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_symlink() && (entry.is_regular_file() || entry.is_directory())) sync_path(entry.path());
  sync_path(folder);
}

// Exchanges two paths atomically; false when the file system does not support it.
bool maybe_exchange(const fs::path& a, const fs::path& b) {
  return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
}

// Moves `complete` to `path`; what was at `path`, if anything, is in the folder of `complete` afterwards.
void put_in_place(const fs::path& complete, const fs::path& path) {
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(path, failure))) return rename_or_throw(complete, path);
  if (maybe_exchange(complete, path)) return;
  const fs::path aside = complete.parent_path() / "replaced";
  rename_or_throw(path, aside);
  if (::rename(complete.c_str(), path.c_str()) == 0) return;
  rename_or_throw(aside, path);
  rename_or_throw(complete, path);  // throws with the reason
}

bool is_writable_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  return !failure && ::access(folder.c_str(), W_OK | X_OK) == 0;
}

fs::path environment_path(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

fs::path home_folder() {
  if (const fs::path home = environment_path("HOME"); !home.empty()) return home;
  const passwd* const entry = ::getpwuid(::getuid());
  return entry != nullptr && entry->pw_dir != nullptr ? fs::path(entry->pw_dir) : fs::path();
}

// /tmp is shared: a folder of this name that belongs to another user must not hold the cache.
fs::path user_temporary_folder() {
  const fs::path folder = fs::temp_directory_path() / fmt::format("retort-{}", ::getuid());
  ::mkdir(folder.c_str(), 0700);
  struct stat status = {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::getuid()) {
    throw UserError("`{}` must be a folder of your own, but is not; set RETORT_CACHE to a folder that you can write",
                    folder.string());
  }
  return folder;
}

}  // namespace

void make_folder(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (!failure && !fs::is_directory(path)) failure = std::make_error_code(std::errc::not_a_directory);
  if (!failure && ::access(path.c_str(), W_OK | X_OK) != 0) failure.assign(errno, std::generic_category());
  if (failure) {
    throw UserError("`{}` must be a folder that can be written, but is not: {}; choose another one", path.string(),
                    failure.message());
  }
}

void write_folder_atomically(const fs::path& path, const std::function<void(const fs::path&)>& fill) {
  // `out/` and `out` are the same folder.
  const fs::path normal = path.lexically_normal(), target = normal.has_filename() ? normal : normal.parent_path();
  std::error_code ignored;
  const fs::file_status there = fs::symlink_status(target, ignored);
  if (fs::exists(there) && !fs::is_directory(there) && !fs::is_symlink(there))
    throw UserError("`{}` must be a folder or not exist yet, but is a file; choose another name", target.string());
  make_folder(folder_of(target));
  remove_stale_folders_once(folder_of(target));
  const fs::path own = make_temporary_folder(folder_of(target)), made = own / target.filename();
  try {
    make_folder(made);
    fill(made);
    sync_tree(made);
    put_in_place(made, target);
  } catch (const fs::filesystem_error& failure) {
    remove_marked_folder(own);
    throw UserError("`{}` must be writable, but: {}; check the disk or choose another folder", target.string(),
                    failure.what());
  } catch (...) {
    remove_marked_folder(own);
    throw;
  }
  sync_path(folder_of(target));
  remove_marked_folder(own);  // with the old content, if there was any
}

fs::path user_cache_folder() {
  const fs::path chosen = environment_path("RETORT_CACHE"), shared = environment_path("XDG_CACHE_HOME");
  if (!chosen.empty() && is_writable_folder(chosen)) return fs::absolute(chosen);
  // The XDG base directory specification: a relative path is invalid and must be ignored.
  if (shared.is_absolute() && is_writable_folder(shared / "retort")) return shared / "retort";
  const fs::path home = home_folder();
  if (home.is_absolute() && is_writable_folder(home / ".cache/retort")) return home / ".cache/retort";
  return user_temporary_folder();
}

}  // namespace retort
