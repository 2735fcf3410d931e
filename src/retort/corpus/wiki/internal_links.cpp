#include "retort/corpus/wiki/internal_links.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "retort/corpus/wiki/balanced_marks.h"

namespace retort::corpus {
namespace {

constexpr std::array<std::string_view, 3> kKeptPrefixes = {"w", "wiktionary", "wikt"};

bool is_kept_prefix(std::string_view prefix) {
  for (const std::string_view kept : kKeptPrefixes)
    if (prefix == kept) return true;
  return false;
}

// Whether a link to this target stays; ":Category:X" names a page as "Category:X" does.
bool is_kept_target(std::string_view target) {
  const size_t colon = target.find(':');
  if (colon == target.npos) return true;
  if (colon > 0) return is_kept_prefix(target.substr(0, colon));
  const size_t second = target.find(':', 1);
  return second == target.npos || second <= 1 || is_kept_prefix(target.substr(1, second - 1));
}

struct Link {
  std::string_view target, label;  // views of the whole text
};

// Writes text and replaces the links in it. The ranges that remain to be written are on an explicit stack, so that
// nesting of any depth is possible; every byte is written once.
class LinkWriter {
 public:
  LinkWriter(std::string_view text, bool keep_links)
      : text_(text), keep_links_(keep_links), links_(find_balanced(text, "[[", "]]")) {}

  std::string write() {
    if (links_.empty()) return std::string(text_);
    out_.reserve(text_.size());
    to_write_.push_back({{0, text_.size()}, ""});
    while (!to_write_.empty()) {
      const Pending pending = to_write_.back();
      to_write_.pop_back();
      out_.append(pending.before);
      write_until_link(pending.range);
    }
    return std::move(out_);
  }

 private:
  struct Pending {
    ByteRange range;
    std::string_view before;  // written ahead of the range
  };

  // Writes up to the first link of the range; puts the rest of the range and the link's label on the stack.
  void write_until_link(ByteRange range) {
    const size_t link_index = first_link_from(range.begin);
    if (link_index == links_.size() || links_[link_index].begin >= range.end) {
      out_.append(text_.substr(range.begin, range.end - range.begin));
      return;
    }
    const ByteRange place = links_[link_index];
    out_.append(text_.substr(range.begin, place.begin - range.begin));
    const Link link = split_link(link_index);
    const bool is_kept = is_kept_target(link.target), has_anchor = is_kept && keep_links_;
    to_write_.push_back({{place.end, range.end}, has_anchor ? "</a>" : ""});
    if (!is_kept) return;
    if (has_anchor) out_.append(fmt::format("<a href=\"{}\">", percent_encoded(link.target)));
    const auto begin = static_cast<size_t>(link.label.data() - text_.data());
    to_write_.push_back({{begin, begin + link.label.size()}, ""});
  }

  size_t first_link_from(size_t at) const {
    const auto link =
        std::lower_bound(links_.begin(), links_.end(), at, [](ByteRange a, size_t b) { return a.begin < b; });
    return static_cast<size_t>(link - links_.begin());
  }

  // Looks for pipes outside of the links inside: the first one ends the target, and the last one in a stretch before an
  // inner link begins the label anew.
  Link split_link(size_t link_index) const {
    const size_t inner_begin = links_[link_index].begin + 2, inner_end = links_[link_index].end - 2;
    size_t target_end = text_.npos, label_begin = inner_begin, stretch_begin = inner_begin;
    for (size_t i = link_index + 1;;) {
      const bool is_last = i == links_.size() || links_[i].begin >= inner_end;
      const std::string_view stretch =
          text_.substr(stretch_begin, (is_last ? inner_end : links_[i].begin) - stretch_begin);
      const size_t first_pipe = stretch.find('|'), last_pipe = is_last ? first_pipe : stretch.rfind('|');
      if (first_pipe != stretch.npos && !(is_last && target_end != text_.npos)) {
        if (target_end == text_.npos) target_end = stretch_begin + first_pipe;
        label_begin = stretch_begin + last_pipe + 1;
      }
      if (is_last) break;
      stretch_begin = links_[i].end;
      i = first_link_from(links_[i].end);
    }
    const std::string_view inner = text_.substr(inner_begin, inner_end - inner_begin);
    if (target_end == text_.npos) return {inner, inner};
    return {trim_right_space(text_.substr(inner_begin, target_end - inner_begin)),
            trim_space(text_.substr(label_begin, inner_end - label_begin))};
  }

  std::string_view text_;
  bool keep_links_;
  std::vector<ByteRange> links_;
  std::vector<Pending> to_write_;
  std::string out_;
};

}  // namespace

std::string replace_internal_links(std::string_view text, bool keep_links) {
  return LinkWriter(text, keep_links).write();
}

std::string percent_encoded(std::string_view address) {
  std::string encoded;
  for (const char c : address) {
    if (is_name_character(c) || c == '.' || c == '-' || c == '~' || c == '/') {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace retort::corpus
