// The folder of extracted articles: AA/wiki_00 to AA/wiki_99, AB/wiki_00 ..., files of about one size, and a record of
// what is finished, from which an extraction that was stopped continues: .extraction.json, and in .extraction.ids the
// ids of the articles so far (int64, little-endian), by which repeated pages are found.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "retort/base/file.h"
#include "retort/base/folder_lock.h"
#include "retort/base/json.h"
#include "retort/corpus/wiki/byte_source.h"
#include "retort/corpus/wiki/dump_parser.h"

namespace retort::corpus {

// Articles that are written, and pages that are not.
struct ExtractionCounts {
  int64_t articles = 0, bytes = 0, files = 0;
  int64_t empty = 0, too_short = 0, not_utf8 = 0;
};

// Where a stopped extraction continues: at the first article that is in no finished file.
struct ExtractionPlace {
  int64_t page_index = 0;  // among the articles of the dump
  int64_t byte = 0;        // of its <page> in the XML
  BytePlace source = {};   // at or before that byte
  PageCounts counts = {};  // before it
  std::string url_prefix = {};
};

enum class WhenThere {
  kRefuse,   // a folder with articles is a UserError
  kResume,   // articles after the finished files are written
  kReplace,  // the files are removed
};

struct ExtractionFolderOptions {
  fs::path folder = {};
  int64_t file_bytes = 0;  // a file is closed before the article that would make it longer
  Json settings = {};      // of what is written; a folder with other settings is not continued
  WhenThere when_there = WhenThere::kRefuse;
};

class ExtractionFolder {
 public:
  // Makes the folder and locks it. Throws UserError where it holds articles that may not be touched.
  explicit ExtractionFolder(ExtractionFolderOptions options);

  // The first article, counted among those of the dump, that is in no finished file.
  int64_t first_page() const { return first_page_; }
  // Where to read on for it; empty where the dump must be read from its beginning.
  const std::optional<ExtractionPlace>& place() const { return place_; }
  // The ids of the articles before first_page(); empty without a place.
  std::vector<int64_t> read_article_ids() const;
  // The dump is read from its beginning, so its article ids come again.
  void forget_place();
  // Whether the extraction was finished before; then these are its pages.
  bool is_finished() const { return is_finished_; }
  const PageCounts& pages() const { return pages_; }

  // Appends an article; its counts are added to `counts`. A file that would become too long is closed first, and
  // `place` is where a later run continues.
  void write(std::string_view article, const ExtractionPlace& place);
  // Adds the id of the next article of the dump, after it was written or left out.
  void add_article_id(int64_t id) { new_ids_.push_back(id); }
  // Publishes the file that is being written; the next run with kResume writes it again.
  void keep_partial();
  void finish(const PageCounts& pages);

  ExtractionCounts counts;

 private:
  void load();
  void load_place(const Json& record);
  void remove_articles();
  void close_file();
  void save();
  void append_ids();
  fs::path record_path() const;
  fs::path ids_path() const;

  ExtractionFolderOptions options_;
  FolderLock lock_;
  std::optional<AtomicFile> file_;
  int64_t file_bytes_ = 0;  // of the file that is being written
  int64_t first_page_ = 0;
  std::optional<ExtractionPlace> place_;
  std::vector<int64_t> new_ids_;  // since the last save
  int64_t id_count_ = 0;          // in the file of ids
  PageCounts pages_;
  bool is_finished_ = false;
};

// "AA/wiki_00" for 0. Throws UserError from 67600 on, which has no name.
fs::path article_file_name(int64_t file_index);

}  // namespace retort::corpus
