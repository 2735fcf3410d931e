#include "retort/corpus/wiki/wiki_tables.h"

#include <algorithm>

#include "retort/corpus/wiki/wikitext_characters.h"

namespace retort::corpus {
namespace {

// Without `attribute="value" |` before the text of a cell; the pipe of a link is none.
std::string_view without_attributes(std::string_view cell) {
  const size_t pipe = cell.find('|');
  if (pipe == cell.npos || cell.substr(0, pipe).find("[[") != std::string_view::npos) return cell;
  return cell.substr(pipe + 1);
}

// The first `||`, or `!!` in a line of headings.
size_t find_divider(std::string_view cells, bool is_heading) {
  const size_t divider = cells.find("||");
  return is_heading ? std::min(divider, cells.find("!!")) : divider;
}

std::string join_cells(std::string_view cells, bool is_heading) {
  std::string line;
  for (;;) {
    const size_t divider = find_divider(cells, is_heading);
    const std::string_view text = trim_space(without_attributes(cells.substr(0, divider)));
    if (!text.empty()) line.append(line.empty() ? "" : " ").append(text);
    if (divider == cells.npos) return line;
    cells.remove_prefix(divider + 2);
  }
}

}  // namespace

std::string unwrap_tables(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  size_t depth = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view whole = text.substr(begin, end - begin), line = trim_space(whole);
    begin = end + 1;
    if (line.starts_with("{|")) {
      ++depth;
    } else if (depth > 0 && line.starts_with("|}")) {
      --depth;
    } else if (depth > 0 && (line.starts_with("|+") || line.starts_with("|-"))) {
      if (line[1] == '+') out.append(join_cells(line.substr(2), false)) += '\n';
    } else if (depth > 0 && (line.starts_with('|') || line.starts_with('!'))) {
      out.append(join_cells(line.substr(1), line.front() == '!')) += '\n';
    } else {
      out.append(whole) += '\n';
    }
  }
  return out;
}

}  // namespace retort::corpus
