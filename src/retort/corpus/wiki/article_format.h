// One article as WikiExtractor writes it: a <doc> block, or a line of JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace retort::corpus {

struct Article {
  int64_t id = 0;
  std::string_view url_prefix, title;
  std::string_view text;  // one paragraph a line, each with its end
};

// <doc id="12" url="PREFIX?curid=12" title="Title">, the title, an empty line, the text, an empty line, </doc>. & < > "
// of the title are references in the attribute. A line of text that begins like one of these tags gets &lt; for its <.
std::string format_doc(const Article& article);

// {"id": "12", "url": ..., "title": ..., "text": ...} and a line end; the text is without the title.
std::string format_json_line(const Article& article);

}  // namespace retort::corpus
