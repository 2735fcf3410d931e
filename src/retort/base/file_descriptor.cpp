// See file_descriptor.h.
#include "retort/base/file_descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <system_error>

#include "retort/base/error.h"

namespace retort {

namespace fs = std::filesystem;

Descriptor::~Descriptor() { ::close(number); }

int open_or_throw(const fs::path& path, int flags, const char* wanted) {
  const int descriptor = repeat_after_signal([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); });
  if (descriptor < 0) {
    throw UserError("`{}` must be {}, but opening it failed: {}; check the path and its permissions", path.string(),
                    wanted, system_reason(errno));
  }
  return descriptor;
}

std::string system_reason(int error_number) { return std::generic_category().message(error_number); }

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode) || S_ISSOCK(mode)) return "a pipe";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return S_ISREG(mode) ? "a file" : "something else";
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

void rename_or_throw(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw UserError("`{}` must be replaced, but renaming `{}` to it failed: {}; check the folder's permissions",
                    to.string(), from.string(), system_reason(errno));
  }
}

}  // namespace retort
