#include "retort/corpus/wiki/utf8_repair.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/data/table/text_damage.h"
#include "retort/text/unicode.h"

namespace retort::corpus {
namespace {

constexpr int64_t kKnownBytes = 1 << 16;  // before the piece: more than a tag
constexpr std::string_view kMark = "\uFDD0";

// Bytes at the end that may be the first ones of a character.
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
  begin_piece();
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

// Counts the last piece and forgets the shifts that lie too far back.
void Utf8Repair::begin_piece() {
  const int64_t known_from = returned_bytes_ - kKnownBytes;
  const auto last_of_before = std::ranges::lower_bound(shifts_, known_from, {}, &Shift::byte);
  if (last_of_before > shifts_.begin() + 1) shifts_.erase(shifts_.begin(), last_of_before - 1);
  checked_bytes_ += std::ssize(piece_) - (added_bytes_ - added_before_piece_);
  returned_bytes_ += std::ssize(piece_);
  added_before_piece_ = added_bytes_;
}

int64_t Utf8Repair::original_byte(int64_t byte) const {
  const auto after = std::ranges::upper_bound(shifts_, byte, {}, &Shift::byte);
  return after == shifts_.begin() ? byte : byte - std::prev(after)->added_bytes;
}

void Utf8Repair::replace_broken() {
  std::string repaired;
  for (std::string_view rest = piece_; !rest.empty();) {
    const size_t broken = data::find_broken_byte(rest);
    repaired.append(rest.substr(0, broken));
    rest.remove_prefix(broken);
    if (rest.empty()) break;
    const text::DecodedCodePoint decoded = text::decode_utf8(rest.data(), rest.data() + rest.size());
    rest.remove_prefix(static_cast<size_t>(decoded.byte_count));
    repaired.append(kMark);
    added_bytes_ += std::ssize(kMark) - decoded.byte_count;
    shifts_.push_back({returned_bytes_ + std::ssize(repaired), added_bytes_});
    has_replaced_ = true;
  }
  piece_ = std::move(repaired);
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
