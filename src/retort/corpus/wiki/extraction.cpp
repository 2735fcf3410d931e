#include "retort/corpus/wiki/extraction.h"

#include <algorithm>

#include "retort/base/thread.h"
#include "retort/corpus/wiki/article_format.h"

namespace retort::corpus {
namespace {

constexpr int64_t kBatchBytes = 4 << 20;  // of wikitext: work for all threads, small beside a large page

enum class Outcome { kWritten, kEmpty, kTooShort, kNotUtf8, kFinishedBefore };

struct CleanPage {
  Outcome outcome = Outcome::kFinishedBefore;
  std::string article;
};

int64_t count_code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

// As the published extractor counts: the title with a line end, the lines without theirs.
bool is_long_enough(const Page& page, const std::string& text, int64_t min_text_length) {
  if (min_text_length == 0) return true;
  const int64_t line_ends = std::count(text.begin(), text.end(), '\n');
  return count_code_points(page.title) + 1 + count_code_points(text) - line_ends >= min_text_length;
}

CleanPage clean_page(Page& page, const std::string& url_prefix, const ExtractionOptions& options) {
  if (page.is_broken) return {Outcome::kNotUtf8, ""};
  const std::string text = clean_wikitext(std::move(page.wikitext), options.cleaning);
  if (text.empty()) return {Outcome::kEmpty, ""};
  if (!is_long_enough(page, text, options.min_text_length)) return {Outcome::kTooShort, ""};
  const Article article{page.id, url_prefix, page.title, text};
  return {Outcome::kWritten, options.json ? format_json_line(article) : format_doc(article)};
}

}  // namespace

bool Extraction::advance() {
  if (!source_.read(piece_)) {
    parser_.finish();
    write_pages();
    folder_.finish(parser_.counts());
    return false;
  }
  parser_.feed(piece_);
  if (parser_.waiting_bytes() >= kBatchBytes) write_pages();
  return true;
}

void Extraction::keep_finished() {
  write_pages();
  folder_.keep_partial();
}

// The place at which a later run can continue.
ExtractionPlace Extraction::place_of(const Page& page, int64_t page_index) const {
  return {.page_index = page_index,
          .byte = page.byte,
          .source = source_.place_before(page.byte),
          .counts = page.counts,
          .url_prefix = parser_.url_prefix()};
}

void Extraction::write_pages() {
  std::vector<Page> pages = parser_.take_pages();
  std::vector<CleanPage> clean(pages.size());
  const int64_t first_index = page_count_;
  page_count_ += static_cast<int64_t>(pages.size());
  parallel_for(static_cast<int64_t>(pages.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      if (first_index + i >= folder_.first_page()) clean[i] = clean_page(pages[i], parser_.url_prefix(), options_);
  });
  for (size_t i = 0; i < clean.size(); ++i) {
    switch (clean[i].outcome) {
      case Outcome::kWritten:
        folder_.write(clean[i].article, place_of(pages[i], first_index + static_cast<int64_t>(i)));
        break;
      case Outcome::kEmpty:
        ++folder_.counts.empty;
        break;
      case Outcome::kTooShort:
        ++folder_.counts.too_short;
        break;
      case Outcome::kNotUtf8:
        ++folder_.counts.not_utf8;
        break;
      case Outcome::kFinishedBefore:
        break;
    }
    folder_.add_article_id(pages[i].id);
  }
}

}  // namespace retort::corpus
