// Articles -> sentences, one a line, an empty line after each article: what `retort data shard` reads.
//   retort data sentences --input EXTRACTED --output_file sentences.txt --save_punkt_file punkt.json
//   retort data sentences --input books.txt --output_file sentences.txt --punkt_file punkt.json
// Input: a folder of WikiExtractor's files (<doc ...> ... </doc>, titles are left out) or of plain text, or one such
// file; in plain text blank lines separate articles. Punkt (Kiss & Strunk 2006) finds the sentences, as NLTK's does:
// with the parameters of a file, else with those that it learns from the input first. Stopped at any instant, the same
// command continues.
#pragma once

#include <string>

#include "retort/base/fields.h"
#include "retort/base/json.h"

namespace retort::recipe {

struct SentencesConfig {
  std::string input, output_file, punkt_file, save_punkt_file;
  std::string on_bad_record = "fail";
  bool overwrite = false;
  int64_t threads = 0;

  void fields(FieldList& list);
};

// {"output_file", "articles", "sentences", "skipped", "abbreviations", "collocations", "starters", "types"}.
Json make_sentences(const SentencesConfig& config);

}  // namespace retort::recipe
