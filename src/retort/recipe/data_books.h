// `retort data books` and `retort data text`: books and plain text -> one article a line, an empty line after each.
//
//   retort data books --input BOOKS --output_file books.txt
//   retort data text --input corpus.txt --output_file articles.txt
//
// A book is a .txt file, read as UTF-8; in plain text, blank lines separate articles. `retort data sentences` reads the
// result. The form is that of the published BookCorpus pipeline: lines are stripped and joined by single spaces.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/base/json.h"

namespace retort::recipe {

struct DataBooksConfig {
  std::string input, output_file;
  std::string on_bad_record = "fail";
  bool overwrite = false;

  void fields(FieldList& list);
};

// {"output_file", "articles", "bytes", "skipped": {...}}. A book is a .txt file in the folder or one below it, in the
// order of their paths.
Json data_books(const DataBooksConfig& config);

struct DataTextConfig {
  std::string input, output_file;
  std::string on_bad_record = "fail";
  bool overwrite = false;

  void fields(FieldList& list);
};

// The same of one file, or of standard input.
Json data_text(const DataTextConfig& config);

}  // namespace retort::recipe
