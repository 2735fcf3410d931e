// The marker file appears in its folder complete and locked, so a process that can lock it knows that the maker has
// ended. A kill between making the folder and its marker leaves an empty folder of this name, which rmdir(2) removes.
#include "retort/base/marked_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <regex>
#include <set>

#include "retort/base/error.h"
#include "retort/base/file_descriptor.h"
#include "retort/base/json.h"
#include "retort/base/log.h"
#include "retort/base/system.h"

namespace retort {
namespace {

constexpr const char* kFormat = "retort-folder";
constexpr size_t kMostMarkBytes = 4096;

// The descriptors of the markers that this process holds locked, by folder.
struct HeldMarks {
  std::mutex mutex;
  std::map<std::string, int> descriptors;
};

HeldMarks& held_marks() {
  static auto* const held = new HeldMarks();
  return *held;
}

void hold(const fs::path& folder, int descriptor) {
  const std::lock_guard lock(held_marks().mutex);
  held_marks().descriptors[folder.string()] = descriptor;
}

// Returns the descriptor of a folder's marker and stops holding it; -1 when this process does not hold it.
int let_go(const fs::path& folder) {
  const std::lock_guard lock(held_marks().mutex);
  const auto found = held_marks().descriptors.find(folder.string());
  if (found == held_marks().descriptors.end()) return -1;
  const int descriptor = found->second;
  held_marks().descriptors.erase(found);
  return descriptor;
}

std::string mark_text() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const Json mark{{"format", kFormat},
                  {"pid", ::getpid()},
                  {"host", maybe_host_name().value_or("unknown")},
                  {"time", std::chrono::duration_cast<std::chrono::seconds>(now).count()}};
  return mark.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool write_mark(int descriptor) {
  const std::string text = mark_text();
  return repeat_after_signal([&] { return ::write(descriptor, text.data(), text.size()); }) ==
         static_cast<ssize_t>(text.size());
}

void lock_mark(int descriptor) {  // on a file system without locks, folders of dead processes stay
  [[maybe_unused]] const int locked = repeat_after_signal([&] { return ::flock(descriptor, LOCK_EX | LOCK_NB); });
}

// Makes the locked marker in `folder`; -1 with errno on failure.
int maybe_make_mark(const fs::path& folder) {
  const fs::path mark = folder / kMarkerFile;
  int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  const bool has_name = descriptor < 0;
  if (has_name) descriptor = ::open(mark.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor < 0) return -1;
  lock_mark(descriptor);
  const std::string open_file = fmt::format("/proc/self/fd/{}", descriptor);
  if (write_mark(descriptor) &&
      (has_name || ::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, mark.c_str(), AT_SYMLINK_FOLLOW) == 0))
    return descriptor;
  const int failure = errno;
  if (has_name) ::unlink(mark.c_str());
  ::close(descriptor);
  errno = failure;
  return -1;
}

bool is_mark(int descriptor) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  std::string text(kMostMarkBytes, '\0');
  const ssize_t count = repeat_after_signal([&] { return ::pread(descriptor, text.data(), text.size(), 0); });
  if (count <= 0) return false;
  const Json mark = Json::parse(text.substr(0, static_cast<size_t>(count)), nullptr, false);
  return mark.is_object() && mark.contains("format") && mark["format"] == kFormat;
}

bool is_real_folder(const fs::path& path) {
  std::error_code failure;
  return fs::symlink_status(path, failure).type() == fs::file_type::directory;
}

// Opens the folder's marker if it is complete; -1 when there is none.
int maybe_open_mark(const fs::path& folder, int access) {
  if (!is_real_folder(folder)) return -1;
  const int descriptor = ::open((folder / kMarkerFile).c_str(), access | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0 || is_mark(descriptor)) return descriptor;
  ::close(descriptor);
  return -1;
}

bool is_temporary_name(const std::string& name) {
  static const std::regex pattern(R"(\.retort-tmp\.\d+\.\d+)");
  return std::regex_match(name, pattern);
}

// Removes the marker last, so that a kill in between leaves a folder that can still be recognized.
void remove_marked(const fs::path& folder) {
  std::error_code failure;
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure))
    if (entry->path().filename() != kMarkerFile) entries.push_back(entry->path());
  for (const fs::path& entry : entries)
    if (!failure) fs::remove_all(entry, failure);
  if (!failure) fs::remove(folder / kMarkerFile, failure);
  if (!failure) fs::remove(folder, failure);
  if (failure) log_warning("`{}` could not be removed: {}", folder.string(), failure.message());
}

}  // namespace

fs::path make_temporary_folder(const fs::path& parent) {
  static std::atomic<int> counter{0};
  for (;;) {
    const fs::path folder = parent / fmt::format(".retort-tmp.{}.{}", ::getpid(), counter++);
    bool is_made = ::mkdir(folder.c_str(), 0777) == 0;
    if (!is_made && errno == EEXIST) continue;
    const int mark = is_made ? maybe_make_mark(folder) : -1;
    if (mark >= 0) {
      hold(folder, mark);
      return folder;
    }
    const int failure = errno;
    if (is_made && failure == ENOENT && is_real_folder(parent)) continue;  // another process removed it as a dead one's
    if (is_made) ::rmdir(folder.c_str());
    throw UserError(
        "`{}` must be a folder that can be written, but making a folder in it failed: {}; check the path "
        "and its permissions",
        parent.string(), system_reason(failure));
  }
}

void rename_marked_folder(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    throw UserError("`{}` must be free, but renaming a folder to it failed: {}; move away what is there", to.string(),
                    system_reason(errno));
  if (const int mark = let_go(from); mark >= 0) hold(to, mark);
}

void remove_marked_folder(const fs::path& folder) {
  const int held = let_go(folder);
  if (is_marked_folder(folder))
    remove_marked(folder);
  else
    ::rmdir(folder.c_str());
  if (held >= 0) ::close(held);
}

bool is_marked_folder(const fs::path& folder) {
  const int mark = maybe_open_mark(folder, O_RDONLY);
  if (mark >= 0) ::close(mark);
  return mark >= 0;
}

void mark_folder(const fs::path& folder) {
  if (is_marked_folder(folder)) return;
  const int mark = maybe_make_mark(folder);
  if (mark < 0)
    throw UserError("`{}` must be writable, but making the marker file `{}` in it failed: {}; check the folder",
                    folder.string(), kMarkerFile, system_reason(errno));
  ::close(mark);
}

void remove_stale_folders(const fs::path& parent, const std::function<void(const fs::path&)>& rescue) {
  std::vector<fs::path> folders;
  std::error_code failure;
  for (fs::directory_iterator entry(parent, failure), end; !failure && entry != end; entry.increment(failure))
    if (is_temporary_name(entry->path().filename().string())) folders.push_back(entry->path());
  for (const fs::path& folder : folders) {
    if (is_real_folder(folder) && ::rmdir(folder.c_str()) == 0) continue;
    const int mark = maybe_open_mark(folder, O_RDWR);
    if (mark < 0) continue;
    if (::flock(mark, LOCK_EX | LOCK_NB) == 0) {
      if (rescue) rescue(folder);
      log_info("removing `{}`, which a killed process left", folder.string());
      remove_marked(folder);
    }
    ::close(mark);
  }
}

void remove_stale_folders_once(const fs::path& parent) {
  if (parent.string().find(".retort-tmp.") != std::string::npos) return;
  static std::mutex mutex;
  static std::set<std::string> seen;
  {
    const std::lock_guard lock(mutex);
    if (!seen.insert(parent.string()).second) return;
  }
  remove_stale_folders(parent);
}

}  // namespace retort
