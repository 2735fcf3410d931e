// From the bytes of a dump to a folder of articles: decompress and parse a piece, clean its pages on all threads, write
// them in their order. What is written does not depend on the number of threads.
#pragma once

#include <memory>

#include "retort/corpus/wiki/byte_source.h"
#include "retort/corpus/wiki/dump_parser.h"
#include "retort/corpus/wiki/extraction_folder.h"
#include "retort/corpus/wiki/page_cleaner.h"

namespace retort::corpus {

struct ExtractionOptions {
  CleaningOptions cleaning = {};
  bool json = false;            // lines of JSON instead of <doc> blocks
  int64_t min_text_length = 0;  // characters of title and text below which an article is left out
  int64_t first_page = 0;       // the article of the dump with which the source begins
};

class Extraction {
 public:
  // What it is given must outlive it.
  Extraction(ByteSource& source, DumpParser& parser, ExtractionFolder& folder, ExtractionOptions options)
      : source_(source), parser_(parser), folder_(folder), options_(options), page_count_(options.first_page) {}

  // Takes the next piece of the dump; false when there is none and everything is written. Throws UserError where the
  // dump is damaged. Memory holds a piece, its pages, and a page that is not complete.
  bool advance();
  // Writes the pages that are complete, after an error or before a stop.
  void keep_finished();

 private:
  void write_pages();
  ExtractionPlace place_of(const Page& page, int64_t page_index) const;

  ByteSource& source_;
  DumpParser& parser_;
  ExtractionFolder& folder_;
  ExtractionOptions options_;
  std::string piece_;
  int64_t page_count_;  // articles of the dump so far
};

}  // namespace retort::corpus
