// System-call helpers of this folder: file descriptors, retries after a signal, error texts. Internal to base; other
// folders use file.h.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <filesystem>
#include <string>

namespace retort {

// Repeats a system call while it fails with EINTR.
template <typename Call>
auto repeat_after_signal(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// Closes the descriptor at the end of the scope; for reading, where close cannot lose data.
struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

// Opens with O_CLOEXEC (and mode 0666 for new files); throws UserError "`path` must be <wanted>, but ...".
int open_or_throw(const std::filesystem::path& path, int flags, const char* wanted);

// The system's text for an errno value, for example "No such file or directory".
std::string system_reason(int error_number);

// The folder of a path; "." for a bare name.
std::filesystem::path folder_of(const std::filesystem::path& path);

// rename(2); throws UserError with both paths and the system's reason.
void rename_or_throw(const std::filesystem::path& from, const std::filesystem::path& to);

// "a folder", "a pipe", ... for the st_mode of stat(2).
const char* kind_of(mode_t mode);

}  // namespace retort
