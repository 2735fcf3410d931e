// Checks that a stream is UTF-8, piece by piece, and puts a mark in the place of bytes that are not, so that an XML
// parser goes on and the text that holds them is recognized.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace retort::corpus {

class Utf8Repair {
 public:
  // With `replace`, broken bytes are replaced; else `throw_if_broken` throws after the piece that has them.
  Utf8Repair(std::string subject, bool replace) : subject_(std::move(subject)), replace_(replace) {}

  // The piece without a character that is cut at its end, which comes with the next one; up to the first broken byte
  // where that is an error. The view lives until the next call.
  std::string_view check(std::string_view bytes, bool is_last);
  // Throws UserError that names the byte of the stream.
  void throw_if_broken() const;

  bool has_replaced() const { return has_replaced_; }
  // The byte of the stream that became this byte of what was handed out.
  int64_t original_byte(int64_t byte) const { return byte - added_bytes_; }

 private:
  void replace_broken();

  std::string subject_;
  bool replace_, has_replaced_ = false;
  std::string piece_, cut_;                       // cut_: the begin of a character
  int64_t checked_bytes_ = 0;                     // of the stream, before the piece
  int64_t added_bytes_ = 0, added_in_piece_ = 0;  // by replacements
  int64_t broken_byte_ = -1;
};

// Whether text holds the mark of a replacement: U+FDD0, which is no character, so that no text has it by itself.
bool holds_repair_mark(std::string_view text);

}  // namespace retort::corpus
