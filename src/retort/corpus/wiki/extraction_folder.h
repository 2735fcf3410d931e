// The folder of extracted articles: AA/wiki_00 to AA/wiki_99, AB/wiki_00 ..., files of about one size, and a record of
// what is finished, from which an extraction that was stopped continues.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "retort/base/file.h"
#include "retort/base/folder_lock.h"
#include "retort/base/json.h"

namespace retort::corpus {

// Articles that are written, and pages that are not.
struct ExtractionCounts {
  int64_t articles = 0, bytes = 0, files = 0;
  int64_t empty = 0, too_short = 0, not_utf8 = 0;
};

enum class WhenThere {
  kRefuse,   // a folder with articles is a UserError
  kResume,   // articles behind the finished files are written
  kReplace,  // the files are removed
};

struct ExtractionFolderOptions {
  fs::path folder = {};
  int64_t file_bytes = 0;  // a file is closed before the article that would make it longer
  Json settings = {};      // of what is written; a folder of other settings is not continued
  WhenThere when_there = WhenThere::kRefuse;
};

class ExtractionFolder {
 public:
  // Makes the folder and locks it. Throws UserError where it holds articles that may not be touched.
  explicit ExtractionFolder(ExtractionFolderOptions options);

  // The first article, counted among those of the dump, that is in no finished file.
  int64_t first_page() const { return first_page_; }
  // Whether the extraction of these settings was finished before.
  bool is_finished() const { return is_finished_; }

  // Appends an article, `page_index`th of the dump; counts and files are kept in `counts`.
  void write(std::string_view article, int64_t page_index);
  // What is in the file that is being written can be read from now on; the next run with kResume writes it anew.
  void keep_partial();
  void finish();

  ExtractionCounts counts;

 private:
  void load();
  void remove_articles() const;
  void close_file(int64_t next_page);
  void save(int64_t next_page) const;
  fs::path record_path() const;

  ExtractionFolderOptions options_;
  FolderLock lock_;
  std::optional<AtomicFile> file_;
  int64_t file_bytes_ = 0;  // of the file that is being written
  int64_t first_page_ = 0;
  bool is_finished_ = false;
};

// "AA/wiki_00" for 0. Throws UserError from 67600 on, for which there are no names.
fs::path article_file_name(int64_t file_index);

}  // namespace retort::corpus
