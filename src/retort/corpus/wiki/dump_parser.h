// XML of MediaWiki's export -> pages. Expat reads the envelope; what a page holds is not looked at here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace retort::corpus {

// An article as the dump has it.
struct Page {
  int64_t id = 0;
  std::string title;
  std::string wikitext;    // of the last revision
  bool is_broken = false;  // bytes that were not UTF-8 have been replaced
};

// Pages that were seen, and those that are no articles.
struct PageCounts {
  int64_t pages = 0, redirects = 0, other_namespaces = 0, repeated = 0, without_id = 0;
};

struct DumpParserOptions {
  std::string subject = {};          // names the dump in messages
  bool replace_broken_utf8 = false;  // else it is an error
};

class DumpParser {
 public:
  explicit DumpParser(DumpParserOptions options);
  ~DumpParser();

  // Takes the next bytes. Throws UserError where they are not XML, not UTF-8, or not MediaWiki's; the byte it names
  // counts from the begin of the XML. Pages before the error can be taken.
  void feed(std::string_view bytes);
  // Throws UserError where the dump ends too early.
  void finish();

  // The articles that are complete since the last call: pages of namespace 0 that are no redirects, each id once.
  std::vector<Page> take_pages();
  // Bytes of wikitext that wait to be taken.
  int64_t waiting_bytes() const;
  const PageCounts& counts() const;
  // "https://en.wikipedia.org/wiki" of <base>; empty where the dump does not say.
  const std::string& url_prefix() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace retort::corpus
