#include "retort/recipe/data_books.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <optional>

#include "retort/base/error.h"
#include "retort/base/line_reader.h"
#include "retort/base/log.h"
#include "retort/base/output_lock.h"
#include "retort/base/output_path.h"
#include "retort/corpus/books/article_writer.h"
#include "retort/data/bad_records.h"
#include "retort/data/table/text_damage.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"

namespace retort::recipe {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

void check_article_file(const std::string& path, bool overwrite) {
  if (fs::is_directory(path)) throw UserError("`{}` must be a file to write, but is a folder; name a file in it", path);
  if (!overwrite && fs::exists(path))
    throw UserError("`{}` must not exist yet, but does; choose another name, or --overwrite to replace it", path);
}

// Articles that cannot be used: an error, or left out and counted.
class BadArticles {
 public:
  explicit BadArticles(const std::string& on_bad_record) : policy_(data::parse_on_bad_record(on_bad_record)) {}

  void reject(const std::string& subject, int64_t line, const std::string& damage) {
    const std::string problem = fmt::format("`{}` line {} {}", subject, line, damage);
    if (policy_ == data::OnBadRecord::kFail)
      throw UserError(
          "{}; convert the file by iconv -f LATIN1 -t UTF-8, or from what it is, or pass --on_bad_record skip "
          "to leave out such articles",
          problem);
    skipped_.add("not UTF-8", problem);
  }
  void add_empty(const std::string& subject) { skipped_.add("empty", fmt::format("`{}` holds no text", subject)); }

  int64_t count() const { return skipped_.count; }
  Json describe() const {
    for (const std::string& message : skipped_.messages) log_warning("left out: {}", message);
    Json json = Json::object();
    for (const auto& reason : skipped_.reasons) json[reason.name] = reason.count;
    return json;
  }

 private:
  data::OnBadRecord policy_;
  data::SkippedRecords skipped_;
};

// Reads a stream into articles; blank lines end one, unless the whole stream is one.
class TextArticles {
 public:
  TextArticles(corpus::ArticleWriter& writer, BadArticles& bad, bool is_one_article)
      : writer_(writer), bad_(bad), is_one_article_(is_one_article) {}

  // Calls on_batch(bytes read) now and then.
  template <typename OnBatch>
  void read(std::istream& in, const std::string& subject, const OnBatch& on_batch) {
    LineReader reader(in, subject);
    line_ = 0;
    is_bad_ = false;
    for (;;) {
      const std::vector<std::string_view>& lines = reader.next();
      if (lines.empty()) break;
      int64_t byte_count = 0;
      for (const std::string_view line : lines) {
        byte_count += static_cast<int64_t>(line.size()) + 1;
        add(line, subject);
      }
      on_batch(byte_count);
    }
    end_article();
  }

 private:
  void add(std::string_view line, const std::string& subject) {
    if (++line_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    if (!is_one_article_ && line.find_first_not_of(" \t\r\f\v") == line.npos) return end_article();
    if (is_bad_) return;
    if (const std::optional<std::string> damage = data::maybe_text_damage(line)) {
      bad_.reject(subject, line_, *damage);
      is_bad_ = true;
      return writer_.drop_article();
    }
    writer_.add_line(line);
  }
  void end_article() {
    writer_.end_article();
    is_bad_ = false;
  }

  corpus::ArticleWriter& writer_;
  BadArticles& bad_;
  bool is_one_article_, is_bad_ = false;
  int64_t line_ = 0;
};

std::vector<fs::path> find_books(const std::string& folder) {
  if (!fs::is_directory(folder))
    throw UserError("`{}` must be a folder of .txt files, but is not; for one file use `retort data text`", folder);
  std::vector<fs::path> books;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().extension() == ".txt") books.push_back(entry.path());
  if (books.empty()) throw UserError("`{}` must hold .txt files, but holds none; check the path", folder);
  std::sort(books.begin(), books.end());
  return books;
}

void read_book(const fs::path& book, corpus::ArticleWriter& writer, BadArticles& bad) {
  std::ifstream in(book, std::ios::binary);
  if (!in) throw UserError("`{}` must be a book, but cannot be read; check its permissions", book.string());
  const int64_t articles_before = writer.article_count(), bad_before = bad.count();
  TextArticles(writer, bad, true).read(in, book.string(), [](int64_t) {});
  if (writer.article_count() == articles_before && bad.count() == bad_before) bad.add_empty(book.string());
}

template <typename Config>
void add_fields(Config& config, FieldList& list, const char* input_help) {
  list.add("input", config.input, {.help = input_help, .required = true});
  list.add("output_file", config.output_file, {.help = "Text with one article a line.", .required = true});
  list.add("on_bad_record", config.on_bad_record,
           {.help = "What to do with an article that is not UTF-8: stop, or leave it out and count it.",
            .choices = {"fail", "skip"}});
  list.add("overwrite", config.overwrite, {.help = "Replace a file that is there."});
}

Json describe(const std::string& output_file, const corpus::ArticleWriter& writer, const BadArticles& bad) {
  return {{"output_file", output_file},
          {"articles", writer.article_count()},
          {"bytes", writer.byte_count()},
          {"skipped", bad.describe()}};
}

}  // namespace

void DataBooksConfig::fields(FieldList& list) {
  add_fields(*this, list, "Folder with .txt files, one book a file; folders in it are read too.");
}

Json data_books(const DataBooksConfig& config) {
  BadArticles bad(config.on_bad_record);
  const std::vector<fs::path> books = find_books(config.input);
  check_is_no_input("output_file", config.output_file, {{"input", config.input}});
  make_output_folder(config.output_file);
  const OutputLock lock(config.output_file);
  check_article_file(config.output_file, config.overwrite);
  corpus::ArticleWriter writer(linked_output(config.output_file));
  const train::StopSignal stop;
  train::Progress progress({.title = "data books", .unit = "books", .total = static_cast<int64_t>(books.size())});
  for (size_t i = 0; i < books.size(); ++i) {
    read_book(books[i], writer, bad);
    progress.update({.done = static_cast<int64_t>(i) + 1});
    train::throw_if_stopped();
  }
  progress.finish();
  writer.publish();
  return describe(config.output_file, writer, bad);
}

void DataTextConfig::fields(FieldList& list) {
  add_fields(*this, list, "Text with blank lines between articles; `-` reads standard input.");
}

Json data_text(const DataTextConfig& config) {
  BadArticles bad(config.on_bad_record);
  const bool is_standard_input = config.input == "-";
  std::ifstream file;
  if (!is_standard_input) {
    if (fs::is_directory(config.input))
      throw UserError("`{}` must be a text file, but is a folder; for a folder of books use `retort data books`",
                      config.input);
    file.open(config.input, std::ios::binary);
    if (!file) throw UserError("`{}` must be a text file, but cannot be read; check the path", config.input);
    check_is_no_input("output_file", config.output_file, {{"input", config.input}});
  }
  make_output_folder(config.output_file);
  const OutputLock lock(config.output_file);
  check_article_file(config.output_file, config.overwrite);
  corpus::ArticleWriter writer(linked_output(config.output_file));
  const train::StopSignal stop;
  train::Progress progress({.title = "data text", .unit = "bytes"});
  int64_t done = 0;
  TextArticles(writer, bad, false)
      .read(is_standard_input ? std::cin : file, is_standard_input ? "standard input" : config.input,
            [&](int64_t bytes) {
              progress.update({.done = done += bytes});
              train::throw_if_stopped();
            });
  if (writer.article_count() == 0) throw UserError("`{}` must hold text, but holds none; check the file", config.input);
  progress.finish();
  writer.publish();
  return describe(config.output_file, writer, bad);
}

}  // namespace retort::recipe
