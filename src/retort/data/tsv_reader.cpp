#include "retort/data/tsv_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "retort/text/unicode.h"

namespace retort::data {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_sound_text(std::string_view text) {
  return simdjson::validate_utf8(text) && text.find('\0') == std::string_view::npos;
}

void split_at_tabs(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  for (size_t tab; (tab = line.find('\t')) != std::string_view::npos; line.remove_prefix(tab + 1))
    fields.push_back(line.substr(0, tab));
  fields.push_back(line);
}

// The byte where the first ill-formed sequence begins; the field's length when there is none.
size_t find_broken_byte(std::string_view field) {
  const char *at = field.data(), *const end = at + field.size();
  while (at < end) {
    const text::DecodedCodePoint decoded = text::decode_utf8(at, end);
    const bool is_written_so = std::string_view(at, end - at).starts_with("\xEF\xBF\xBD");
    if (decoded.code_point == text::kReplacement && !is_written_so) break;
    at += decoded.byte_count;
  }
  return at - field.data();
}

}  // namespace

std::string column_name(int64_t column) { return fmt::format("column {}", column + 1); }

TsvReader::TsvReader(const std::filesystem::path& path)
    : file_(std::make_shared<const MappedFile>(path)), rest_(file_->text()), is_sound_(is_sound_text(rest_)) {
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

bool TsvReader::next() {
  while (!rest_.empty()) {
    std::string_view line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    ++line_number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    split_at_tabs(line_ = line, fields_);
    return true;
  }
  fields_.clear();
  line_ = {};
  return false;
}

std::optional<std::string> TsvReader::maybe_damage() const {
  if (is_sound_) return {};
  for (size_t column = 0; column < fields_.size(); ++column) {
    const std::string_view field = fields_[column];
    if (const size_t nul = field.find('\0'); nul != std::string_view::npos)
      return fmt::format("{} must be text, but has a NUL byte at byte {}", column_name(column), nul + 1);
    if (const size_t broken = find_broken_byte(field); broken < field.size())
      return fmt::format("{} must be UTF-8 text, but is broken at byte {}", column_name(column), broken + 1);
  }
  return {};
}

}  // namespace retort::data
