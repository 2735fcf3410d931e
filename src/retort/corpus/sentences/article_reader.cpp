// The first line with text decides the form of a file. Text outside of <doc ...> and </doc> belongs to no article.
#include "retort/corpus/sentences/article_reader.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/corpus/sentences/python_text.h"
#include "retort/data/table/text_damage.h"

namespace retort::corpus {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF", kOpening = "<doc ", kClosing = "</doc>";

std::string_view without_byte_order_mark(std::string_view line) {
  if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  return line;
}

// Whether the first line with text opens an article of WikiExtractor.
bool begins_with_mark(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string begin(1 << 16, '\0');
  in.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<size_t>(in.gcount()));
  std::string_view text = without_byte_order_mark(begin);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text.starts_with(kOpening);
}

void check_is_readable(const fs::path& path) {
  const fs::file_type type = fs::status(path).type();
  if (type == fs::file_type::regular) return;
  throw UserError("`{}` must be a text file or a folder of them, but {}", path.string(),
                  type == fs::file_type::not_found ? "is not there; check the path"
                                                   : "is a pipe or device; write what comes from it to a file first");
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

}  // namespace

std::vector<fs::path> list_text_files(const fs::path& path) {
  if (!fs::is_directory(path)) {
    check_is_readable(path);
    return {path};
  }
  std::vector<fs::path> files;
  for (auto entry = fs::recursive_directory_iterator(path, fs::directory_options::follow_directory_symlink);
       entry != fs::recursive_directory_iterator(); ++entry) {
    if (is_hidden(entry->path()))
      entry.disable_recursion_pending();
    else if (entry->is_regular_file())
      files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) throw UserError("`{}` must hold text files, but holds none; check the path", path.string());
  return files;
}

ArticlePlace ArticlePlace::from_json(const Json& json) {
  if (!json.is_object()) return {};
  return {json.value("file", int64_t{0}), json.value("offset", int64_t{0}), json.value("line", int64_t{0})};
}

ArticleReader::ArticleReader(std::vector<fs::path> files, data::OnBadRecord on_bad_record, ArticlePlace from)
    : files_(std::move(files)), on_bad_record_(on_bad_record), place_(from) {
  for (size_t i = 0; i < files_.size(); ++i) {
    std::error_code is_gone;  // open_file reports it
    const uintmax_t there = fs::file_size(files_[i], is_gone);
    const int64_t size = is_gone ? 0 : static_cast<int64_t>(there);
    file_bytes_.push_back(size);
    byte_count_ += size;
    if (static_cast<int64_t>(i) < place_.file) bytes_before_ += size;
  }
}

// Opens the file of place_ at its offset; false when there are no more.
bool ArticleReader::open_file() {
  if (place_.file >= static_cast<int64_t>(files_.size())) return false;
  const fs::path& path = files_[place_.file];
  stream_ = std::ifstream(path, std::ios::binary);
  if (!stream_)
    throw UserError("`{}` must be a text file, but {}, then repeat the command", path.string(),
                    fs::exists(path) ? "cannot be read; check its permissions" : "is not there any more; put it back");
  stream_.seekg(place_.offset);
  lines_ = std::make_unique<LineReader>(stream_, path.string());
  batch_of_lines_ = nullptr;
  next_line_ = 0;
  has_marks_ = begins_with_mark(path);
  return true;
}

// The next line that is text, without trailing white space; false at the end of the file.
bool ArticleReader::maybe_next_line(std::string_view& line) {
  for (;;) {
    if (batch_of_lines_ == nullptr || next_line_ == batch_of_lines_->size()) {
      batch_of_lines_ = &lines_->next();
      next_line_ = 0;
      if (batch_of_lines_->empty()) return false;
    }
    line = (*batch_of_lines_)[next_line_++];
    const bool is_first = place_.line == 0;
    ++place_.line;
    place_.offset += static_cast<int64_t>(line.size()) + 1;
    if (!is_text(line)) continue;
    line = strip_right(is_first ? without_byte_order_mark(line) : line);
    return true;
  }
}

bool ArticleReader::is_text(std::string_view line) {
  const std::optional<std::string> damage = data::maybe_text_damage(line);
  if (!damage) return true;
  const std::string& path = files_[place_.file].string();
  if (on_bad_record_ == data::OnBadRecord::kFail)
    throw UserError(
        "`{}` line {} {}; convert the file by iconv -f LATIN1 -t UTF-8, or from what it is, or pass --on_bad_record "
        "skip to leave out such lines",
        path, place_.line, *damage);
  skipped_.add("not UTF-8 text", fmt::format("`{}` line {} {}", path, place_.line, *damage));
  return false;
}

void ArticleReader::append_line(std::string_view line) {
  if (line.empty()) return;
  if (!article_.empty()) article_.push_back(' ');
  const size_t begin = article_.size();
  article_.append(line);
  // What Python reads as a line end too.
  std::replace(article_.begin() + static_cast<std::ptrdiff_t>(begin), article_.end(), '\r', ' ');
}

bool ArticleReader::finish_article() {
  if (article_.empty()) return false;
  articles_bytes_ += article_.size();
  articles_.push_back(std::move(article_));
  article_.clear();
  return true;
}

// Reads up to the end of one article, or of the file.
void ArticleReader::read_article_with_marks() {
  std::string_view line;
  do {
    if (!maybe_next_line(line)) return;
  } while (!line.starts_with(kOpening));
  const int64_t opened = place_.line;
  for (bool is_title = true; maybe_next_line(line); is_title = false) {
    if (line == kClosing) {
      finish_article();
      return;
    }
    if (!is_title) append_line(line);
  }
  throw UserError(
      "`{}` must close the article of line {} by </doc>, but ends after line {}; the file is cut, extract it again",
      files_[place_.file].string(), opened, place_.line);
}

void ArticleReader::read_plain_article() {
  for (std::string_view line; maybe_next_line(line);) {
    if (line.empty() && finish_article()) return;
    append_line(strip(line));
  }
  finish_article();
}

const std::vector<std::string>& ArticleReader::next() {
  articles_.clear();
  articles_bytes_ = 0;
  while (articles_bytes_ < kBatchBytes) {
    if (!lines_ && !open_file()) break;
    if (has_marks_)
      read_article_with_marks();
    else
      read_plain_article();
    if (batch_of_lines_ == nullptr || !batch_of_lines_->empty()) continue;
    lines_.reset();  // the file is read to its end
    bytes_before_ += file_bytes_[place_.file];
    place_ = {.file = place_.file + 1};
  }
  return articles_;
}

}  // namespace retort::corpus
