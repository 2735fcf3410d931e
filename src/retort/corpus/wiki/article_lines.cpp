#include "retort/corpus/wiki/article_lines.h"

#include <algorithm>
#include <map>

#include "retort/corpus/wiki/wikitext_characters.h"

namespace retort::corpus {
namespace {

struct Heading {
  size_t level = 0;  // 0: the line is no heading
  std::string_view title;
};

// Equal signs at the beginning of `text`.
size_t count_equal_signs(std::string_view text) { return std::min(text.find_first_not_of('='), text.size()); }

size_t longest_run(std::string_view text) {
  size_t longest = 0;
  for (size_t at = text.find('='); at != text.npos; at = text.find('=', at)) {
    const size_t run = count_equal_signs(text.substr(at));
    longest = std::max(longest, run);
    at += run;
  }
  return longest;
}

// ==title==, with the highest level that has its signs on both sides; what follows the second ones is not looked
// at. Signs beyond the level belong to the title.
Heading read_heading(std::string_view line) {
  const size_t signs = count_equal_signs(line);
  if (signs < 2) return {};
  const size_t level = std::max(std::min(signs, longest_run(line.substr(signs))), signs / 2);
  if (level < 2) return {};
  const std::string_view rest = line.substr(level);
  return {level, trim_space(rest.substr(0, rest.find(std::string(level, '='))))};
}

// A heading as a sentence.
std::string heading_line(std::string_view title) {
  const bool is_sentence = title.empty() || title.back() == '!' || title.back() == '?';
  return std::string(title) + (is_sentence ? "" : ".");
}

bool is_remainder(std::string_view line) {
  return line.front() == '{' || line.front() == '|' || line.back() == '}' ||
         (line.front() == '(' && line.back() == ')') || line.find_first_not_of(".-") == line.npos;
}

class LineSelector {
 public:
  explicit LineSelector(const LineOptions& options) : options_(options) {}

  void add(std::string_view line) {
    if (line.empty()) return add_blank();
    if (const Heading heading = read_heading(line); heading.level > 0) return open_section(heading);
    if (line.front() == ':') return;
    if (line.front() == '*' || line.front() == '#' || line.front() == ';') return add_item(line);
    if (is_remainder(line)) return;
    if (line.front() == ' ' && headings_.empty()) return;  // preformatted
    close_headings();
    append(line);
  }
  std::string take() {
    if (out_.ends_with("\n\n")) out_.pop_back();
    return std::move(out_);
  }

 private:
  void add_blank() {
    if (!out_.empty() && !out_.ends_with("\n\n")) out_ += '\n';
  }
  void open_section(const Heading& heading) {
    headings_.erase(headings_.upper_bound(heading.level), headings_.end());
    headings_[heading.level] = heading_line(heading.title);
  }
  void add_item(std::string_view line) {
    if (!options_.keep_lists) return;
    const size_t marks = std::min(line.find_first_not_of("*#;:"), line.size());
    const std::string_view item = trim_space(line.substr(marks));
    if (item.empty()) return;
    close_headings();
    append(item);
  }
  // The headings above the line that comes next.
  void close_headings() {
    if (options_.keep_sections) {
      for (const auto& [level, line] : headings_)
        if (!line.empty()) append(line);
    }
    headings_.clear();
  }
  void append(std::string_view line) { out_.append(line) += '\n'; }

  LineOptions options_;
  std::map<size_t, std::string> headings_;  // by level, those without a kept line below
  std::string out_;
};

}  // namespace

std::string select_lines(std::string_view text, const LineOptions& options) {
  LineSelector selector(options);
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    selector.add(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return selector.take();
}

}  // namespace retort::corpus
