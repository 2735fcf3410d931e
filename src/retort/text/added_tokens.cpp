// See added_tokens.h.
#include "retort/text/added_tokens.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "retort/text/unicode.h"

namespace retort::text {
namespace {

bool ends_with_word(std::string_view text) {
  if (text.empty()) return false;
  const char *begin = text.data(), *end = begin + text.size();
  return record_of(decode_utf8(previous_code_point(begin, end), end).code_point).is_word();
}

bool starts_with_word(std::string_view text) {
  return !text.empty() && record_of(decode_utf8(text.data(), text.data() + text.size()).code_point).is_word();
}

size_t trailing_space_begin(std::string_view text) {
  const char *begin = text.data(), *end = begin + text.size();
  while (end != begin) {
    const char* last = previous_code_point(begin, end);
    if (!record_of(decode_utf8(last, end).code_point).is_whitespace()) break;
    end = last;
  }
  return static_cast<size_t>(end - begin);
}

size_t leading_space_bytes(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const DecodedCodePoint next = decode_utf8(text.data() + at, text.data() + text.size());
    if (!record_of(next.code_point).is_whitespace()) break;
    at += static_cast<size_t>(next.byte_count);
  }
  return at;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens, const std::vector<std::string>& patterns)
    : tokens_(std::move(tokens)) {
  std::vector<Trie::Entry> entries;
  std::unordered_set<std::string_view> seen;
  for (size_t i = 0; i < patterns.size(); ++i) {
    if (patterns[i].empty() || !seen.insert(patterns[i]).second) continue;
    entries.push_back({patterns[i], static_cast<int32_t>(i)});
    begins_pattern_[static_cast<uint8_t>(patterns[i][0])] = true;
  }
  patterns_ = Trie(std::move(entries));
  if (std::count(begins_pattern_.begin(), begins_pattern_.end(), true) == 1) {
    only_first_byte_ =
        static_cast<int>(std::find(begins_pattern_.begin(), begins_pattern_.end(), true) - begins_pattern_.begin());
  }
}

size_t AddedTokenFinder::next_candidate(std::string_view text, size_t from) const {
  if (only_first_byte_ >= 0) {
    const void* found =
        from < text.size() ? std::memchr(text.data() + from, only_first_byte_, text.size() - from) : nullptr;
    return found == nullptr ? text.size() : static_cast<size_t>(static_cast<const char*>(found) - text.data());
  }
  while (from < text.size() && !begins_pattern_[static_cast<uint8_t>(text[from])]) ++from;
  return from;
}

bool AddedTokenFinder::find(std::string_view text, int32_t from, int32_t taken, Found& found) const {
  if (tokens_.empty()) return false;
  for (size_t at = next_candidate(text, static_cast<size_t>(from)); at < text.size();) {
    const Trie::Match match = patterns_.longest_prefix(Trie::kRoot, text.substr(at));
    if (match.id < 0) {
      at = next_candidate(text, at + 1);
      continue;
    }
    const AddedToken& token = tokens_[static_cast<size_t>(match.id)];
    size_t begin = at, end = at + static_cast<size_t>(match.byte_count);
    found.next = static_cast<int32_t>(end);
    if (token.single_word && (ends_with_word(text.substr(0, begin)) || starts_with_word(text.substr(end)))) {
      at = next_candidate(text, end);
      continue;
    }
    if (token.lstrip) begin = std::max(trailing_space_begin(text.substr(0, begin)), static_cast<size_t>(taken));
    if (token.rstrip) end += leading_space_bytes(text.substr(end));
    found.range = {static_cast<int32_t>(begin), static_cast<int32_t>(end)};
    found.id = token.id;
    return true;
  }
  return false;
}

}  // namespace retort::text
