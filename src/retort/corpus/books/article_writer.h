// Articles as plain text, one a line with an empty line behind it: the form in which the published pipeline hands books
// and articles to the sentence splitter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "retort/base/file.h"

namespace retort::corpus {

class ArticleWriter {
 public:
  explicit ArticleWriter(const fs::path& output) : file_(output) {}

  // Adds a line to the article that is open: white space at its ends is cut, lines are joined by one space, empty lines
  // are passed over.
  void add_line(std::string_view line);
  // Writes the article; false when it has no text.
  bool end_article();
  // Forgets the article.
  void drop_article() { article_.clear(); }
  void publish() { file_.publish(); }

  int64_t article_count() const { return article_count_; }
  int64_t byte_count() const { return byte_count_; }
  bool has_text() const { return !article_.empty(); }

 private:
  AtomicFile file_;
  std::string article_;
  int64_t article_count_ = 0, byte_count_ = 0;
};

}  // namespace retort::corpus
