// See lock_file.h.
#include "retort/base/lock_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "retort/base/error.h"
#include "retort/base/file_descriptor.h"
#include "retort/base/system.h"

namespace retort {
namespace {

constexpr std::string_view kHolderBegin = "process ";

}  // namespace

int open_lock_file(const fs::path& path) {
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const int descriptor = repeat_after_signal([&] { return ::open(path.c_str(), flags, 0666); });
  struct stat status = {};
  if (descriptor < 0 && errno == ELOOP)
    throw UserError("`{}` must be the lock's own file, but is a link; remove the link", path.string());
  if (descriptor >= 0 && (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))) {
    ::close(descriptor);
    throw UserError("`{}` must be the lock's own file, but is {}; move it away", path.string(),
                    kind_of(status.st_mode));
  }
  return descriptor;
}

bool is_lock_file(int descriptor) {
  std::array<char, kHolderBegin.size()> begin = {};
  const ssize_t count = repeat_after_signal([&] { return ::pread(descriptor, begin.data(), begin.size(), 0); });
  struct stat status = {};
  return ::fstat(descriptor, &status) == 0 && status.st_nlink <= 1 && status.st_size < 4096 &&
         (count == 0 ||
          std::string_view(begin.data(), static_cast<size_t>(std::max<ssize_t>(count, 0))) == kHolderBegin);
}

bool is_file_at(int descriptor, const fs::path& path) {
  struct stat open = {}, named = {};
  return ::fstat(descriptor, &open) == 0 && ::stat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
         open.st_dev == named.st_dev;
}

void write_holder(int descriptor) {
  if (!is_lock_file(descriptor)) return;
  const std::string holder = fmt::format("process {} on host {}\n", ::getpid(), maybe_host_name().value_or("unknown"));
  [[maybe_unused]] const bool informed =
      ::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, holder.data(), holder.size(), 0) > 0;
}

std::string lock_holder(const fs::path& lock_path) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    const std::string holder = read_file(lock_path);
    if (!holder.empty()) return holder.substr(0, holder.find('\n'));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return "another process";
}

}  // namespace retort
