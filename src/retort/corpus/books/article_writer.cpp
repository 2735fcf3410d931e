#include "retort/corpus/books/article_writer.h"

#include "retort/corpus/wiki/wikitext_characters.h"

namespace retort::corpus {

void ArticleWriter::add_line(std::string_view line) {
  line = trim_space(line);
  if (line.empty()) return;
  if (!article_.empty()) article_ += ' ';
  article_ += line;
}

bool ArticleWriter::end_article() {
  if (article_.empty()) return false;
  article_ += "\n\n";
  file_.write(article_);
  byte_count_ += static_cast<int64_t>(article_.size());
  ++article_count_;
  article_.clear();
  return true;
}

}  // namespace retort::corpus
