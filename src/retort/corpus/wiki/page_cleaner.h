// Wikitext -> the plain text of an article: the cleaning steps in their order, which is that of WikiExtractor 2.75 with
// templates deleted instead of expanded (https://github.com/attardi/wikiextractor). docs/pretraining.md lists where the
// outcome differs and why.
#pragma once

#include <string>
#include <string_view>

#include "retort/corpus/wiki/article_lines.h"
#include "retort/corpus/wiki/tags.h"

namespace retort::corpus {

struct CleaningOptions {
  LineOptions lines = {};
  TagOptions tags = {};
};

// One paragraph a line, each line with its end; blank lines in a row are one. Empty when nothing is left. Any text is
// taken, and the time is linear in it, whatever is unbalanced or nested. Thread-safe.
std::string clean_wikitext(std::string wikitext, const CleaningOptions& options);

}  // namespace retort::corpus
