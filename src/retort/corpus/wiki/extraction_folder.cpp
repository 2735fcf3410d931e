#include "retort/corpus/wiki/extraction_folder.h"

#include <fmt/format.h>

#include "retort/base/error.h"

namespace retort::corpus {
namespace {

constexpr int64_t kFilesInFolder = 100, kLetters = 26;
constexpr const char* kExtractionFormat = "retort extraction 1";

bool is_article_folder(const fs::path& path) {
  const std::string name = path.filename();
  return name.size() == 2 && name[0] >= 'A' && name[0] <= 'Z' && name[1] >= 'A' && name[1] <= 'Z' &&
         fs::is_directory(path);
}

Json counts_to_json(const ExtractionCounts& counts) {
  return {{"articles", counts.articles}, {"bytes", counts.bytes},         {"files", counts.files},
          {"empty", counts.empty},       {"too_short", counts.too_short}, {"not_utf8", counts.not_utf8}};
}

ExtractionCounts counts_from_json(const Json& json) {
  return {json.at("articles"), json.at("bytes"),     json.at("files"),
          json.at("empty"),    json.at("too_short"), json.at("not_utf8")};
}

// The first setting that differs; empty when none does.
std::string find_difference(const Json& ours, const Json& theirs) {
  for (const auto& [key, value] : ours.items())
    if (!theirs.contains(key) || theirs[key] != value)
      return fmt::format("`{}` is {}, but was {}", key, value.dump(), theirs.value(key, Json()).dump());
  return "";
}

}  // namespace

fs::path article_file_name(int64_t file_index) {
  const int64_t folder = file_index / kFilesInFolder;
  if (folder >= kLetters * kLetters)
    throw UserError("`file_size` must be larger: there are names for {} files only",
                    kFilesInFolder * kLetters * kLetters);
  const char first = static_cast<char>('A' + folder / kLetters), second = static_cast<char>('A' + folder % kLetters);
  return fmt::format("{}{}/wiki_{:02}", first, second, file_index % kFilesInFolder);
}

ExtractionFolder::ExtractionFolder(ExtractionFolderOptions options)
    : options_(std::move(options)), lock_(options_.folder) {
  load();
}

fs::path ExtractionFolder::record_path() const { return options_.folder / ".extraction.json"; }

void ExtractionFolder::load() {
  if (options_.when_there == WhenThere::kReplace) return remove_articles();
  if (!fs::exists(record_path())) {
    for (const fs::directory_entry& entry : fs::directory_iterator(options_.folder))
      if (is_article_folder(entry.path()))
        throw UserError(
            "`{}` must hold no articles yet, but holds `{}`; choose another folder, or --overwrite to replace them",
            options_.folder.string(), entry.path().filename().string());
    return save(0);
  }
  if (options_.when_there == WhenThere::kRefuse)
    throw UserError(
        "`{}` must hold no articles yet, but an extraction was begun there; pass --resume to continue it, or "
        "--overwrite to replace it",
        options_.folder.string());
  const Json record = read_json_file(record_path());
  if (record.value("format", "") != kExtractionFormat)
    throw UserError("`{}` must be of the format `{}`, but is not; pass --overwrite to extract anew",
                    record_path().string(), kExtractionFormat);
  if (const std::string difference = find_difference(options_.settings, record.at("settings")); !difference.empty())
    throw UserError("`{}` must be continued with its own settings, but {}; pass --overwrite to extract anew",
                    options_.folder.string(), difference);
  counts = counts_from_json(record.at("counts"));
  first_page_ = record.at("next_page");
  is_finished_ = record.at("finished");
}

void ExtractionFolder::remove_articles() const {
  for (const fs::directory_entry& folder : fs::directory_iterator(options_.folder)) {
    if (!is_article_folder(folder.path())) continue;
    for (const fs::directory_entry& file : fs::directory_iterator(folder.path()))
      if (file.path().filename().string().starts_with("wiki_")) fs::remove(file.path());
    std::error_code is_not_empty;
    fs::remove(folder.path(), is_not_empty);
  }
  save(0);
}

void ExtractionFolder::save(int64_t next_page) const {
  write_json_file(record_path(), {{"format", kExtractionFormat},
                                  {"settings", options_.settings},
                                  {"next_page", next_page},
                                  {"counts", counts_to_json(counts)},
                                  {"finished", is_finished_}});
}

void ExtractionFolder::close_file(int64_t next_page) {
  if (!file_) return;
  file_->publish();
  file_.reset();
  file_bytes_ = 0;
  ++counts.files;
  save(next_page);
}

void ExtractionFolder::write(std::string_view article, int64_t page_index) {
  const auto byte_count = static_cast<int64_t>(article.size());
  if (file_ && file_bytes_ + byte_count > options_.file_bytes) close_file(page_index);
  if (!file_) {
    const fs::path path = options_.folder / article_file_name(counts.files);
    make_folder(path.parent_path());
    file_.emplace(path);
  }
  file_->write(article);
  file_bytes_ += byte_count;
  counts.bytes += byte_count;
  ++counts.articles;
}

void ExtractionFolder::keep_partial() {
  if (!file_) return;
  file_->publish();
  file_.reset();
}

void ExtractionFolder::finish() {
  is_finished_ = true;
  close_file(0);
  save(0);
}

}  // namespace retort::corpus
