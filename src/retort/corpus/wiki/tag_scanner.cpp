#include "retort/corpus/wiki/tag_scanner.h"

#include "retort/corpus/wiki/wikitext_characters.h"

namespace retort::corpus {
namespace {

constexpr size_t kLongestName = 20;  // of the tags that are looked for; a longer word is another tag

size_t skip_tag_spaces(std::string_view text, size_t at) {
  while (at < text.size() && is_ascii_space(text[at])) ++at;
  return at;
}

}  // namespace

bool TagScanner::read_at(size_t at, Tag& tag) const {
  size_t i = skip_tag_spaces(text_, at + 1);
  tag.begin = at;
  tag.has_leading_space = i > at + 1;
  tag.is_closing = i < text_.size() && text_[i] == '/';
  if (tag.is_closing) i = skip_tag_spaces(text_, i + 1);
  tag.name.clear();
  for (; i < text_.size() && is_name_character(text_[i]) && tag.name.size() < kLongestName; ++i)
    tag.name += ascii_lower(text_[i]);
  if (tag.name.empty()) return false;
  const size_t close = text_.find_first_of("<>", i);
  if (close == text_.npos || text_[close] == '<') return false;
  tag.end = close + 1;
  const std::string_view attributes = trim_right_space(text_.substr(i, close - i));
  tag.is_self_closing = attributes.ends_with('/');
  return true;
}

bool TagScanner::find_next(size_t at, Tag& tag) const {
  for (size_t begin = text_.find('<', at); begin != text_.npos; begin = text_.find('<', begin + 1))
    if (read_at(begin, tag)) return true;
  return false;
}

}  // namespace retort::corpus
