#include "retort/data/table/tsv_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "retort/data/table/text_damage.h"

namespace retort::data {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_sound_text(std::string_view text) { return is_utf8(text) && text.find('\0') == std::string_view::npos; }

void split_at_tabs(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  for (size_t tab; (tab = line.find('\t')) != std::string_view::npos; line.remove_prefix(tab + 1))
    fields.push_back(line.substr(0, tab));
  fields.push_back(line);
}

}  // namespace

std::string column_name(int64_t column) { return fmt::format("column {}", column + 1); }

TsvReader::TsvReader(const std::filesystem::path& path)
    : file_(std::make_shared<const MappedFile>(path)), rest_(file_->text()), is_clean_(is_sound_text(rest_)) {
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
  if (is_clean_) return {};
  for (size_t column = 0; column < fields_.size(); ++column)
    if (const auto damage = maybe_text_damage(fields_[column]))
      return fmt::format("{} {}", column_name(static_cast<int64_t>(column)), *damage);
  return {};
}

}  // namespace retort::data
