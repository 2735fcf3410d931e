#include "retort/corpus/partial_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "retort/base/error.h"

namespace retort::corpus {
namespace {

constexpr size_t kGatheredBytes = 1 << 20;

fs::path with_suffix(fs::path path, const char* suffix) { return path += suffix; }

[[noreturn]] void throw_not_writable(const fs::path& path) {
  throw UserError("`{}` must be writable, but: {}; check the disk and the permissions, then repeat the command",
                  path.string(), std::strerror(errno));
}

// The state that was saved under this key with at most as many bytes as there are; null when there is none.
Json read_state(const fs::path& state_path, const fs::path& partial_path, const std::string& key) {
  std::error_code failure;
  const uintmax_t byte_count = fs::file_size(partial_path, failure);
  if (failure || !fs::exists(state_path, failure)) return {};
  try {
    Json state = read_json_file(state_path);
    const bool is_ours = state.value("key", "") == key && state.value("bytes", int64_t{-1}) >= 0 &&
                         state.value("bytes", uintmax_t{0}) <= byte_count && state.contains("state");
    return is_ours ? state : Json{};
  } catch (const std::exception&) {
    return {};  // no state of ours: the file is made from its beginning
  }
}

}  // namespace

PartialFile::PartialFile(fs::path path, std::string key)
    : path_(std::move(path)),
      partial_path_(with_suffix(path_, ".partial")),
      state_path_(with_suffix(path_, ".partial.json")),
      key_(std::move(key)) {
  const Json state = read_state(state_path_, partial_path_, key_);
  if (!state.is_null()) saved_ = state["state"], byte_count_ = state["bytes"];
  descriptor_ = ::open(partial_path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_not_writable(partial_path_);
  if (::ftruncate(descriptor_, byte_count_) != 0 || ::lseek(descriptor_, byte_count_, SEEK_SET) < 0) {
    ::close(descriptor_);
    throw_not_writable(partial_path_);
  }
}

PartialFile::~PartialFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void PartialFile::write(std::string_view text) {
  gathered_.append(text);
  byte_count_ += static_cast<int64_t>(text.size());
  if (gathered_.size() >= kGatheredBytes) flush();
}

void PartialFile::flush() {
  for (std::string_view rest = gathered_; !rest.empty();) {
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_not_writable(partial_path_);
    rest.remove_prefix(static_cast<size_t>(count));
  }
  gathered_.clear();
}

void PartialFile::save(const Json& state) {
  flush();
  if (::fsync(descriptor_) != 0) throw_not_writable(partial_path_);
  write_json_file(state_path_, {{"key", key_}, {"bytes", byte_count_}, {"state", state}});
  saved_ = state;
}

void PartialFile::publish() {
  flush();
  if (::fsync(descriptor_) != 0) throw_not_writable(partial_path_);
  fs::rename(partial_path_, path_);
  std::error_code ignored;
  fs::remove(state_path_, ignored);
  sync_path(path_.parent_path().empty() ? "." : path_.parent_path());
}

}  // namespace retort::corpus
