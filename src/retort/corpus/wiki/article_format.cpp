#include "retort/corpus/wiki/article_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "retort/base/json.h"
#include "retort/corpus/wiki/character_references.h"

namespace retort::corpus {
namespace {

std::string url_of(const Article& article) { return fmt::format("{}?curid={}", article.url_prefix, article.id); }

bool begins_like_border(std::string_view line) { return line.starts_with("<doc") || line.starts_with("</doc"); }

void append_lines(std::string& out, std::string_view text) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    std::string_view line = text.substr(begin, end - begin);
    begin = end;
    if (begins_like_border(line)) {
      out += "&lt;";
      line.remove_prefix(1);
    }
    out += line;
  }
}

}  // namespace

std::string format_doc(const Article& article) {
  std::string out = fmt::format("<doc id=\"{}\" url=\"{}\" title=\"{}\">\n", article.id, escape_markup(url_of(article)),
                                escape_markup(article.title));
  append_lines(out, article.title);
  out += "\n\n";
  append_lines(out, article.text);
  return out += "\n</doc>\n";
}

std::string format_json_line(const Article& article) {
  std::string_view text = article.text;
  while (text.ends_with('\n')) text.remove_suffix(1);
  const Json json{
      {"id", std::to_string(article.id)}, {"url", url_of(article)}, {"title", article.title}, {"text", text}};
  return json.dump() + "\n";
}

}  // namespace retort::corpus
