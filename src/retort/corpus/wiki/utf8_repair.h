// Checks that a stream is UTF-8, piece by piece, and replaces bytes that are not by a mark, so that an XML parser
// continues and the text with these bytes is recognized.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace retort::corpus {

class Utf8Repair {
 public:
  // With `replace`, broken bytes are replaced; else `throw_if_broken` throws after the piece that has them. The first
  // piece begins at `first_byte` of the XML.
  Utf8Repair(std::string subject, bool replace, int64_t first_byte = 0)
      : subject_(std::move(subject)), replace_(replace), checked_bytes_(first_byte), returned_bytes_(first_byte) {}

  // The piece without a character that is cut at its end, which comes with the next one; up to the first broken byte
  // where that is an error. The view lives until the next call.
  std::string_view check(std::string_view bytes, bool is_last);
  // Throws UserError that names the byte of the stream.
  void throw_if_broken() const;

  bool has_replaced() const { return has_replaced_; }
  // The byte of the XML that became this byte of the repaired XML, one of the piece or of the 64 kB before it.
  int64_t original_byte(int64_t byte) const;

 private:
  void replace_broken();
  void begin_piece();

  // The number of bytes that replacements before this byte of the repaired XML have added.
  struct Shift {
    int64_t byte, added_bytes;
  };

  std::string subject_;
  bool replace_, has_replaced_ = false;
  std::string piece_, cut_;                           // cut_: the first bytes of a character
  int64_t checked_bytes_, returned_bytes_;            // of the XML and of the repaired XML, before the piece
  int64_t added_bytes_ = 0, added_before_piece_ = 0;  // by replacements
  std::vector<Shift> shifts_;                         // in the piece, in the 64 kB before it, and the last before both
  int64_t broken_byte_ = -1;
};

// Whether text holds the mark of a replacement: U+FDD0, which is no character, so that no text has it by itself.
bool holds_repair_mark(std::string_view text);

}  // namespace retort::corpus
