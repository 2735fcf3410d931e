#include "retort/corpus/wiki/tags.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <vector>

#include "retort/corpus/wiki/character_references.h"
#include "retort/corpus/wiki/tag_scanner.h"
#include "retort/corpus/wiki/wikitext_characters.h"

namespace retort::corpus {
namespace {

// Only the markup of these is removed.
constexpr auto kFormatting = std::to_array<std::string_view>(
    {"abbr",   "b",         "bdi",  "big", "blockquote", "cite", "em",     "font",   "hiero", "i", "kbd",
     "nowiki", "plaintext", "poem", "s",   "section",    "span", "strike", "strong", "tt",    "u", "var"});
// The markup of these is replaced by a space between two words.
constexpr auto kBreaks = std::to_array<std::string_view>({"br", "hr", "p", "center", "h1", "h2", "h3", "h4"});
// These are removed when they are self-closing; <nobr> always.
constexpr auto kSelfClosing = std::to_array<std::string_view>({"ref", "references", "templatestyles"});

// These are removed with their content, in this order.
constexpr auto kDiscarded = std::to_array<std::string_view>(
    {"gallery", "timeline", "noinclude", "pre",    "table",     "tr",       "td",          "th",          "caption",
     "div",     "form",     "input",     "select", "option",    "textarea", "ul",          "li",          "ol",
     "dl",      "dt",       "dd",        "menu",   "dir",       "ref",      "references",  "img",         "imagemap",
     "source",  "small",    "sub",       "sup",    "indicator", "inputbox", "includeonly", "categorytree"});
constexpr auto kTableElements = std::to_array<std::string_view>({"table", "tr", "td", "th", "caption"});

template <size_t kCount>
bool holds(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_space_or_line_end(char c) { return c == ' ' || c == '\n' || c == '\t'; }

bool is_dropped_markup(const Tag& tag, const TagOptions& options) {
  if (tag.is_self_closing && holds(kSelfClosing, tag.name)) return true;
  if (tag.name == "nobr") return true;
  if (tag.has_leading_space && !tag.is_self_closing) return false;  // a < b
  return holds(kFormatting, tag.name) || (tag.name == "a" && !options.keep_links) ||
         (options.keep_tables && holds(kTableElements, tag.name));
}

bool is_break(const Tag& tag) { return holds(kBreaks, tag.name) && (!tag.has_leading_space || tag.is_self_closing); }

// One tag of a discarded kind.
struct ElementTag {
  size_t begin, end;
  size_t kind;  // index into kDiscarded
  bool is_closing, is_self_closing, is_gone = false;
};

std::vector<ElementTag> find_element_tags(std::string_view text, const TagOptions& options) {
  std::vector<ElementTag> tags;
  TagScanner scanner(text);
  Tag tag;
  for (size_t at = 0; scanner.find_next(at, tag); at = tag.end) {
    if (options.keep_tables && holds(kTableElements, tag.name)) continue;
    const auto kind = std::find(kDiscarded.begin(), kDiscarded.end(), tag.name) - kDiscarded.begin();
    if (static_cast<size_t>(kind) < kDiscarded.size())
      tags.push_back({tag.begin, tag.end, static_cast<size_t>(kind), tag.is_closing, tag.is_self_closing});
  }
  return tags;
}

// Ranges of the elements of one kind among the tags that are left, outermost first; tags without a partner are ranges
// of their own.
std::vector<ByteRange> match_elements(const std::vector<ElementTag>& tags, size_t kind) {
  std::vector<size_t> opened;
  std::vector<ByteRange> ranges, single;
  for (size_t i = 0; i < tags.size(); ++i) {
    const ElementTag& tag = tags[i];
    if (tag.is_gone || tag.kind != kind) continue;
    if (tag.is_closing && !opened.empty()) {
      add_outer_range(ranges, {tags[opened.back()].begin, tag.end});
      opened.pop_back();
    } else if (tag.is_closing || tag.is_self_closing) {
      single.push_back({tag.begin, tag.end});
    } else {
      opened.push_back(i);
    }
  }
  for (const size_t i : opened) single.push_back({tags[i].begin, tags[i].end});
  ranges.insert(ranges.end(), single.begin(), single.end());
  std::sort(ranges.begin(), ranges.end(), [](ByteRange a, ByteRange b) { return a.begin < b.begin; });
  return ranges;
}

// Sorts the ranges and merges those that overlap.
void merge_ranges(std::vector<ByteRange>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](ByteRange a, ByteRange b) { return a.begin < b.begin; });
  std::vector<ByteRange> merged;
  for (const ByteRange& range : ranges) {
    if (merged.empty() || range.begin >= merged.back().end) {
      merged.push_back(range);
    } else {
      merged.back().end = std::max(merged.back().end, range.end);
    }
  }
  ranges = std::move(merged);
}

// Removes the tags inside the ranges from the list.
void mark_gone(std::vector<ElementTag>& tags, const std::vector<ByteRange>& ranges) {
  size_t range = 0;
  for (ElementTag& tag : tags) {
    while (range < ranges.size() && ranges[range].end <= tag.begin) ++range;
    if (range < ranges.size() && tag.begin >= ranges[range].begin) tag.is_gone = true;
  }
}

// The next element that holds no other of its name: from the opening tag to the end of the closing tag.
class ElementFinder {
 public:
  ElementFinder(std::string_view text, std::string_view name) : scanner_(text), name_(name) {}

  std::optional<ByteRange> find_next(size_t at) {
    bool is_open = false;
    size_t begin = 0;
    for (Tag tag; scanner_.find_next(at, tag); at = tag.end) {
      if (tag.name != name_ || tag.is_self_closing) continue;
      if (!tag.is_closing) {
        is_open = true;
        begin = tag.begin;
        inner.begin = tag.end;
      } else if (is_open) {
        inner.end = tag.begin;
        return ByteRange{begin, tag.end};
      }
    }
    return std::nullopt;
  }
  ByteRange inner;  // of the element found last

 private:
  TagScanner scanner_;
  std::string_view name_;
};

std::string number_elements(std::string text, std::string_view tag_name, std::string_view placeholder) {
  if (text.find('<') == text.npos) return text;
  ElementFinder finder(text, tag_name);
  std::unordered_map<std::string_view, size_t> numbers;
  std::string out;
  size_t written = 0, count = 0;
  while (const std::optional<ByteRange> element = finder.find_next(written)) {
    ++count;
    const std::string_view whole = std::string_view(text).substr(element->begin, element->end - element->begin);
    const size_t number = numbers.emplace(whole, count).first->second;
    out.append(text, written, element->begin - written).append(placeholder).append("_").append(std::to_string(number));
    written = element->end;
  }
  return out.append(text, written);
}

}  // namespace

std::string drop_markup(std::string_view text, const TagOptions& options) {
  constexpr std::string_view kCommentBegin = "<!--", kCommentEnd = "-->";
  const TagScanner scanner(text);
  Tag tag;
  std::string out;
  out.reserve(text.size());
  size_t written = 0;
  bool has_comment_end = true;
  const auto drop = [&](size_t begin, size_t end) {
    out.append(text.substr(written, begin - written));
    written = end;
  };
  for (size_t at = text.find('<'); at != text.npos; at = text.find('<', std::max(written, at + 1))) {
    if (has_comment_end && text.substr(at).starts_with(kCommentBegin)) {
      const size_t end = text.find(kCommentEnd, at + kCommentBegin.size());
      has_comment_end = end != text.npos;
      if (has_comment_end) drop(at, end + kCommentEnd.size());
    } else if (scanner.read_at(at, tag)) {
      if (is_break(tag)) {
        drop(at, tag.end);
        if (out.empty() || out.back() == '\n') written = std::min(text.find_first_not_of(" \t", written), text.size());
        const bool is_between_words = !out.empty() && !is_space_or_line_end(out.back()) && written < text.size() &&
                                      !is_space_or_line_end(text[written]);
        if (is_between_words) out += ' ';
      } else if (is_dropped_markup(tag, options)) {
        drop(at, tag.end);
      }
    }
  }
  return out.append(text.substr(written));
}

std::string drop_elements(std::string text, const TagOptions& options) {
  std::vector<ElementTag> tags = find_element_tags(text, options);
  if (tags.empty()) return text;
  std::array<bool, kDiscarded.size()> is_there = {};
  for (const ElementTag& tag : tags) is_there[tag.kind] = true;
  std::vector<ByteRange> dropped;
  for (size_t kind = 0; kind < kDiscarded.size(); ++kind) {
    if (!is_there[kind]) continue;
    const std::vector<ByteRange> ranges = match_elements(tags, kind);
    mark_gone(tags, ranges);
    dropped.insert(dropped.end(), ranges.begin(), ranges.end());
  }
  merge_ranges(dropped);
  return erase_ranges(text, dropped);
}

std::string protect_code(std::string text) {
  constexpr std::string_view kName = "syntaxhighlight";
  ElementFinder finder(text, kName);
  std::string out;
  size_t written = 0;
  while (const std::optional<ByteRange> element = finder.find_next(written)) {
    out.append(text, written, element->begin - written);
    out += escape_markup(std::string_view(text).substr(finder.inner.begin, finder.inner.end - finder.inner.begin));
    written = element->end;
  }
  return out.append(text, written);
}

std::string number_placeholders(std::string text) {
  text = number_elements(std::move(text), "math", "formula");
  return number_elements(std::move(text), "code", "codice");
}

}  // namespace retort::corpus
