#include "retort/corpus/wiki/utf8_repair.h"

#include "retort/base/error.h"
#include "retort/data/table/text_damage.h"
#include "retort/text/unicode.h"

namespace retort::corpus {
namespace {

constexpr std::string_view kMark = "\uFDD0";

// Bytes at the end that may be the begin of a character.
size_t count_cut_bytes(std::string_view bytes) {
  for (size_t count = 1; count <= 3 && count <= bytes.size(); ++count) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - count]);
    if (byte < 0x80) return 0;
    const size_t wanted = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 0;
    if (wanted > 0) return count < wanted ? count : 0;
  }
  return 0;
}

}  // namespace

bool holds_repair_mark(std::string_view text) { return text.find(kMark) != text.npos; }

std::string_view Utf8Repair::check(std::string_view bytes, bool is_last) {
  checked_bytes_ += static_cast<int64_t>(piece_.size()) - added_in_piece_;
  added_in_piece_ = 0;
  piece_ = std::move(cut_);
  piece_.append(bytes);
  const size_t cut_bytes = is_last ? 0 : count_cut_bytes(piece_);
  cut_ = piece_.substr(piece_.size() - cut_bytes);
  piece_.resize(piece_.size() - cut_bytes);
  if (data::is_utf8(piece_)) return piece_;
  if (replace_) {
    replace_broken();
    return piece_;
  }
  const size_t broken = data::find_broken_byte(piece_);
  broken_byte_ = checked_bytes_ + static_cast<int64_t>(broken);
  return std::string_view(piece_).substr(0, broken);
}

void Utf8Repair::replace_broken() {
  std::string repaired;
  const auto before = static_cast<int64_t>(piece_.size());
  for (std::string_view rest = piece_; !rest.empty();) {
    const size_t broken = data::find_broken_byte(rest);
    repaired.append(rest.substr(0, broken));
    rest.remove_prefix(broken);
    if (rest.empty()) break;
    const text::DecodedCodePoint decoded = text::decode_utf8(rest.data(), rest.data() + rest.size());
    rest.remove_prefix(static_cast<size_t>(decoded.byte_count));
    repaired.append(kMark);
    has_replaced_ = true;
  }
  piece_ = std::move(repaired);
  added_in_piece_ = static_cast<int64_t>(piece_.size()) - before;
  added_bytes_ += added_in_piece_;
}

void Utf8Repair::throw_if_broken() const {
  if (broken_byte_ < 0) return;
  throw UserError(
      "`{}` must be UTF-8, but is broken at byte {} of the XML; download it again, or pass --on_bad_record skip to "
      "leave "
      "out such pages",
      subject_, broken_byte_);
}

}  // namespace retort::corpus
