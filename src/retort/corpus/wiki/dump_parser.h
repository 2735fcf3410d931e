// XML of MediaWiki's export -> pages. Expat reads the envelope; what a page holds is not looked at here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace retort::corpus {

// Pages that were read, and those that are no articles.
struct PageCounts {
  int64_t pages = 0, redirects = 0, other_namespaces = 0, repeated = 0, without_id = 0;
};

// An article as the dump has it.
struct Page {
  int64_t id = 0;
  std::string title;
  std::string wikitext;    // of the last revision
  bool is_broken = false;  // bytes that were not UTF-8 have been replaced
  int64_t byte = 0;        // where its <page> begins in the XML
  PageCounts counts;       // before it
};

struct DumpParserOptions {
  std::string subject = {};          // names the dump in messages
  bool replace_broken_utf8 = false;  // else it is an error
};

// What is known when parsing begins at a page in the middle of a dump.
struct DumpStart {
  int64_t byte = 0;             // of the XML; 0: the dump is read from its beginning
  std::string url_prefix = {};  // of <base>, which lies before the page
  PageCounts counts = {};
  std::vector<int64_t> article_ids = {};  // of the articles before it
};

class DumpParser {
 public:
  explicit DumpParser(DumpParserOptions options, const DumpStart& start = {});
  ~DumpParser();

  // Takes the next bytes. Throws UserError where they are not XML, not UTF-8, or not MediaWiki's; the byte it names
  // counts from the beginning of the XML. Pages before the error can be taken.
  void feed(std::string_view bytes);
  // Throws UserError where the dump ends too early.
  void finish();

  // The articles that are complete since the last call: pages of namespace 0 that are no redirects, each id once.
  std::vector<Page> take_pages();
  // Bytes of wikitext that wait to be taken.
  int64_t waiting_bytes() const;
  const PageCounts& counts() const;
  // "https://en.wikipedia.org/wiki" of <base>; empty where the dump has none.
  const std::string& url_prefix() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace retort::corpus
