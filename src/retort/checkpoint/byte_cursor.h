// Reads little-endian numbers and byte strings from a buffer in sequence, with bounds checks.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "retort/base/error.h"

namespace retort::checkpoint {

class ByteCursor {
 public:
  // `subject` names the buffer in messages; it must outlive the cursor.
  ByteCursor(std::span<const std::byte> bytes, const std::string& subject) : bytes_(bytes), subject_(subject) {}

  size_t position() const { return position_; }
  size_t remaining_bytes() const { return bytes_.size() - position_; }

  template <typename T>
  T take() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, take_bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }

  // The next `count` bytes; throws UserError when fewer are left.
  std::span<const std::byte> take_bytes(uint64_t count) {
    if (count > remaining_bytes()) {
      throw UserError(
          "`{}` must have {} more bytes after byte {}, but has {}; the file is truncated or damaged: download "
          "it or save it again",
          subject_, count, position_, remaining_bytes());
    }
    const auto taken = bytes_.subspan(position_, static_cast<size_t>(count));
    position_ += static_cast<size_t>(count);
    return taken;
  }

  std::string_view take_text(uint64_t count) {
    const auto taken = take_bytes(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  // The text up to the next newline; consumes the newline.
  std::string_view take_line() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + position_, remaining_bytes());
    const std::string_view line = rest.substr(0, rest.find('\n'));
    take_bytes(line.size() + 1);
    return line;
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string& subject_;
  size_t position_ = 0;
};

}  // namespace retort::checkpoint
