// Files of articles -> articles of one line each, in batches: folders of WikiExtractor's files (<doc ...> tags) and
// plain text whose articles are separated by blank lines. Memory holds a batch, or the largest article.
#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/base/line_reader.h"
#include "retort/data/bad_records.h"

namespace retort::corpus {

// The files that `path` names: itself, or all files below the folder, sorted by their paths; names that begin with
// a dot are ignored. Throws UserError when there is no file.
std::vector<fs::path> list_text_files(const fs::path& path);

// Where reading continues: after a whole article.
struct ArticlePlace {
  int64_t file = 0;    // number of the file
  int64_t offset = 0;  // bytes
  int64_t line = 0;    // lines before it

  Json to_json() const { return {{"file", file}, {"offset", offset}, {"line", line}}; }
  // The beginning, when `json` is no object.
  static ArticlePlace from_json(const Json& json);
  bool operator==(const ArticlePlace&) const = default;
};

class ArticleReader {
 public:
  // `files` in their order; see list_text_files.
  ArticleReader(std::vector<fs::path> files, data::OnBadRecord on_bad_record, ArticlePlace from = {});

  // The next articles, about kBatchBytes of them; empty at the end. The lines of an article are joined by spaces,
  // without its title and empty lines; articles without text are skipped. Throws UserError where a line is not UTF-8,
  // with --on_bad_record skip in its remedy, and where a file ends inside an article.
  const std::vector<std::string>& next();

  ArticlePlace place() const { return place_; }
  int64_t bytes_done() const { return bytes_before_ + place_.offset; }
  int64_t byte_count() const { return byte_count_; }
  const data::SkippedRecords& skipped() const { return skipped_; }

 private:
  static constexpr size_t kBatchBytes = 8 << 20;

  bool open_file();
  bool maybe_next_line(std::string_view& line);
  bool is_text(std::string_view line);
  void read_article_with_marks();
  void read_plain_article();
  void append_line(std::string_view line);
  bool finish_article();

  std::vector<fs::path> files_;
  data::OnBadRecord on_bad_record_;
  data::SkippedRecords skipped_;
  std::vector<int64_t> file_bytes_;  // sizes at the start; a file may vanish later
  ArticlePlace place_;               // after the last line that was read
  int64_t bytes_before_ = 0, byte_count_ = 0;
  std::ifstream stream_;
  std::unique_ptr<LineReader> lines_;
  const std::vector<std::string_view>* batch_of_lines_ = nullptr;
  size_t next_line_ = 0;
  bool has_marks_ = false;  // of the open file
  std::vector<std::string> articles_;
  std::string article_;
  size_t articles_bytes_ = 0;
};

}  // namespace retort::corpus
