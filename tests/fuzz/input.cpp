#include "fuzz/input.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

namespace retort::fuzz {

void touch(std::span<const std::byte> bytes) {
  static std::atomic<unsigned> kept_sum{0};  // keeps the compiler from removing the loop
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += static_cast<unsigned>(byte);
  kept_sum = sum;
}

MemoryFile::MemoryFile(std::string_view content) : descriptor_(::memfd_create("input", MFD_CLOEXEC)) {
  const auto written = ::write(descriptor_, content.data(), content.size());
  RETORT_CHECK(written == std::ssize(content), "the file in memory takes {} of {} bytes", written, content.size());
  path_ = fmt::format("/proc/self/fd/{}", descriptor_);
}

MemoryFile::~MemoryFile() { ::close(descriptor_); }

ScratchFolder::ScratchFolder() {
  static const fs::path parent = ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path();
  std::string name = (parent / "retort_fuzz_XXXXXX").string();
  RETORT_CHECK(::mkdtemp(name.data()) != nullptr, "no folder `{}`", name);
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path ScratchFolder::write(const std::string& name, std::string_view content) const {
  std::ofstream(path_ / name, std::ios::binary) << content;
  return path_ / name;
}

std::map<std::string, std::string_view, std::less<>> split_parts(std::string_view input) {
  constexpr std::string_view kMark = "=== ";
  std::map<std::string, std::string_view, std::less<>> parts;
  std::string name;
  while (!input.empty()) {
    const size_t next = input.starts_with(kMark) ? 0 : input.find("\n=== ");
    if (!name.empty()) parts.emplace(name, input.substr(0, next));
    if (next == input.npos) break;
    input.remove_prefix(next + (next > 0 || input.front() == '\n') + kMark.size());
    const size_t end = std::min(input.find('\n'), input.size());
    name = std::string(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  return parts;
}

}  // namespace retort::fuzz
