#include "retort/corpus/wiki/typography.h"

#include <algorithm>

#include "retort/corpus/wiki/wikitext_characters.h"

namespace retort::corpus {
namespace {

constexpr size_t kMostDots = 3;

size_t run_length(std::string_view text, size_t at) {
  const size_t end = text.find_first_not_of(text[at], at);
  return (end == text.npos ? text.size() : end) - at;
}

// Guillemets, tabs, spaces and dots, in one pass.
std::string tidy_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t special = std::min(text.find_first_of(" \t.<>", at), text.size());
    out.append(text.substr(at, special - at));
    at = special;
    if (at == text.size()) break;
    const char c = text[at];
    if (c == ' ' || c == '\t') {
      if (out.empty() || out.back() != ' ') out += ' ';
      ++at;
    } else if (c == '.') {
      const size_t dots = run_length(text, at);
      out.append(std::min(dots, kMostDots), '.');
      at += dots;
    } else if (at + 1 < text.size() && text[at + 1] == c) {
      out += c == '<' ? "\u00AB" : "\u00BB";
      at += 2;
    } else {
      out += c;
      ++at;
    }
  }
  return out;
}

// The byte after the line end that follows at least one non-word character from `at` on; 0 when a word comes first.
size_t find_wordless_end(std::string_view text, size_t at) {
  for (bool is_first = true; at < text.size(); is_first = false) {
    if (!is_first && text[at] == '\n') return at + 1;
    const CharacterAt character = character_at(text, at);
    if (character.is_word) return 0;
    at += character.byte_count;
  }
  return 0;
}

// A line end, non-word characters and a line end become one line end; the next match begins after it.
std::string drop_wordless_lines(std::string text) {
  std::string out;
  size_t written = 0;
  for (size_t line_end = text.find('\n'); line_end != text.npos;) {
    const size_t end = find_wordless_end(text, line_end + 1);
    if (end == 0) {
      line_end = text.find('\n', line_end + 1);
      continue;
    }
    out.append(text, written, line_end + 1 - written);
    written = end;
    line_end = text.find('\n', written);
  }
  return out.append(text, written);
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  size_t found = text.find(from);
  if (found == text.npos) return text;
  std::string out;
  out.reserve(text.size());
  size_t written = 0;
  for (; found != text.npos; found = text.find(from, written)) {
    out.append(text, written, found - written).append(to);
    written = found + from.size();
  }
  return out.append(text, written);
}

}  // namespace

std::string tidy_typography(std::string text) {
  text = drop_wordless_lines(tidy_characters(text));
  return replace_all(replace_all(std::move(text), ",,", ","), ",.", ".");
}

std::string drop_behavior_switches(std::string text) {
  constexpr std::string_view kMark = "__";
  size_t mark = text.find(kMark);
  if (mark == text.npos) return text;
  std::string out;
  size_t written = 0;
  while (mark != text.npos) {
    const size_t name = mark + kMark.size();
    size_t end = name;
    while (end < text.size() && text[end] >= 'A' && text[end] <= 'Z') ++end;
    if (end > name && std::string_view(text).substr(end).starts_with(kMark)) {
      out.append(text, written, mark - written);
      written = end + kMark.size();
      mark = text.find(kMark, written);
    } else {
      mark = text.find(kMark, mark + 1);
    }
  }
  return out.append(text, written);
}

}  // namespace retort::corpus
