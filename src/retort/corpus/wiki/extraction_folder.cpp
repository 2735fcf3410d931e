#include "retort/corpus/wiki/extraction_folder.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "retort/base/error.h"
#include "retort/base/folder.h"

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

Json pages_to_json(const PageCounts& pages) {
  return {{"pages", pages.pages},
          {"redirects", pages.redirects},
          {"other_namespaces", pages.other_namespaces},
          {"repeated", pages.repeated},
          {"without_id", pages.without_id}};
}

PageCounts pages_from_json(const Json& json) {
  return {json.at("pages"), json.at("redirects"), json.at("other_namespaces"), json.at("repeated"),
          json.at("without_id")};
}

ExtractionCounts counts_from_json(const Json& json) {
  return {json.at("articles"), json.at("bytes"),     json.at("files"),
          json.at("empty"),    json.at("too_short"), json.at("not_utf8")};
}

Json place_to_json(const ExtractionPlace& place) {
  return {{"byte", place.byte},
          {"source_byte", place.source.byte},
          {"file_byte", place.source.file_byte},
          {"bit", place.source.bit},
          {"stream_checksum", place.source.stream_checksum},
          {"pages", pages_to_json(place.counts)},
          {"url_prefix", place.url_prefix}};
}

ExtractionPlace place_from_json(const Json& json, int64_t page_index) {
  return {.page_index = page_index,
          .byte = json.at("byte"),
          .source = {.byte = json.at("source_byte"),
                     .file_byte = json.at("file_byte"),
                     .bit = json.at("bit"),
                     .stream_checksum = json.at("stream_checksum")},
          .counts = pages_from_json(json.at("pages")),
          .url_prefix = json.at("url_prefix")};
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
    throw UserError("`file_size` must be larger, because only {} files have names",
                    kFilesInFolder * kLetters * kLetters);
  const char first = static_cast<char>('A' + folder / kLetters), second = static_cast<char>('A' + folder % kLetters);
  return fmt::format("{}{}/wiki_{:02}", first, second, file_index % kFilesInFolder);
}

ExtractionFolder::ExtractionFolder(ExtractionFolderOptions options)
    : options_(std::move(options)), lock_(options_.folder) {
  load();
}

fs::path ExtractionFolder::record_path() const { return options_.folder / ".extraction.json"; }
fs::path ExtractionFolder::ids_path() const { return options_.folder / ".extraction.ids"; }

void ExtractionFolder::load() {
  if (options_.when_there == WhenThere::kReplace) return remove_articles();
  if (!fs::exists(record_path())) {
    for (const fs::directory_entry& entry : fs::directory_iterator(options_.folder))
      if (is_article_folder(entry.path()))
        throw UserError(
            "`{}` must hold no articles yet, but holds `{}`; choose another folder, or --overwrite to replace them",
            options_.folder.string(), entry.path().filename().string());
    return save();
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
  if (record.contains("pages")) pages_ = pages_from_json(record["pages"]);
  load_place(record);
}

// The ids that were appended after the record was saved are cut off.
void ExtractionFolder::load_place(const Json& record) {
  if (!record.contains("place")) return;
  id_count_ = record.at("id_count");
  std::error_code failure;
  const auto byte_count = static_cast<uintmax_t>(id_count_) * sizeof(int64_t);
  const uintmax_t there = fs::file_size(ids_path(), failure);
  if (failure || there < byte_count) return forget_place();
  if (there > byte_count) fs::resize_file(ids_path(), byte_count);
  place_ = place_from_json(record["place"], first_page_);
}

std::vector<int64_t> ExtractionFolder::read_article_ids() const {
  if (!place_) return {};
  const std::string bytes = read_file(ids_path());
  std::vector<int64_t> ids(bytes.size() / sizeof(int64_t));
  std::memcpy(ids.data(), bytes.data(), ids.size() * sizeof(int64_t));
  return ids;
}

void ExtractionFolder::forget_place() {
  place_.reset();
  id_count_ = 0;
  std::error_code ignored;
  fs::remove(ids_path(), ignored);
}

void ExtractionFolder::append_ids() {
  std::ofstream out(ids_path(), std::ios::binary | std::ios::app);
  out.write(reinterpret_cast<const char*>(new_ids_.data()),
            static_cast<std::streamsize>(new_ids_.size() * sizeof(int64_t)));
  out.close();
  if (!out)
    throw UserError("`{}` must be writable, but writing failed: {}; free space on the disk, then pass --resume",
                    ids_path().string(), std::strerror(errno));
  sync_path(ids_path());
  id_count_ += std::ssize(new_ids_);
  new_ids_.clear();
}

void ExtractionFolder::remove_articles() {
  for (const fs::directory_entry& folder : fs::directory_iterator(options_.folder)) {
    if (!is_article_folder(folder.path())) continue;
    for (const fs::directory_entry& file : fs::directory_iterator(folder.path()))
      if (file.path().filename().string().starts_with("wiki_")) fs::remove(file.path());
    std::error_code is_not_empty;
    fs::remove(folder.path(), is_not_empty);
  }
  forget_place();
  save();
}

void ExtractionFolder::save() {
  Json record{{"format", kExtractionFormat},      {"settings", options_.settings},  {"next_page", first_page_},
              {"counts", counts_to_json(counts)}, {"pages", pages_to_json(pages_)}, {"finished", is_finished_}};
  if (place_) {
    append_ids();
    record["place"] = place_to_json(*place_);
    record["id_count"] = id_count_;
  }
  write_json_file(record_path(), record);
}

void ExtractionFolder::close_file() {
  if (!file_) return;
  file_->publish();
  file_.reset();
  file_bytes_ = 0;
  ++counts.files;
}

void ExtractionFolder::write(std::string_view article, const ExtractionPlace& place) {
  const auto byte_count = static_cast<int64_t>(article.size());
  if (file_ && file_bytes_ + byte_count > options_.file_bytes) {
    close_file();
    place_ = place;
    first_page_ = place.page_index;
    save();
  }
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

void ExtractionFolder::finish(const PageCounts& pages) {
  close_file();
  is_finished_ = true;
  pages_ = pages;
  forget_place();
  save();
}

}  // namespace retort::corpus
