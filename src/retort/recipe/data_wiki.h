// `retort data wiki`: a dump of Wikipedia -> the text of its articles.
//
//   retort data wiki --input enwiki-latest-pages-articles.xml.bz2 --output_dir extracted
//   7z x -so dump.7z | retort data wiki --input - --output_dir extracted
//
// Reads pages-articles XML of any MediaWiki site, plain or bz2, and writes AA/wiki_00 ... as WikiExtractor does,
// templates deleted. Stopped, it continues with --resume. See docs/pretraining.md.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/base/json.h"

namespace retort::recipe {

struct DataWikiConfig {
  std::string input, output_dir;
  bool json = false, keep_sections = false, keep_lists = false, keep_tables = false, keep_links = false;
  int64_t min_text_length = 0;
  std::string file_size = "100M";
  std::string on_bad_record = "fail";
  int64_t threads = 0;
  bool resume = false, overwrite = false;

  void fields(FieldList& list);
};

// {"output_dir", "pages", "articles", "files", "bytes", "skipped": {"redirects", ...}}.
Json data_wiki(const DataWikiConfig& config);

}  // namespace retort::recipe
