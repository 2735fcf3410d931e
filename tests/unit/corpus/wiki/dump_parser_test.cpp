// Pages of small exports, and exports that are damaged.
#include "retort/corpus/wiki/dump_parser.h"

#include <gtest/gtest.h>

#include "retort/base/error.h"

namespace retort::corpus {
namespace {

constexpr std::string_view kBegin =
    "<mediawiki xmlns=\"http://www.mediawiki.org/xml/export-0.10/\"><siteinfo><sitename>Wikipedia</sitename>"
    "<base>https://en.wikipedia.org/wiki/Main_Page</base></siteinfo>";
constexpr std::string_view kEnd = "</mediawiki>";

std::string page(const std::string& id, const std::string& ns, const std::string& text, const std::string& more = "") {
  return "<page><title>T &amp; " + id + "</title><ns>" + ns + "</ns><id>" + id + "</id>" + more +
         "<revision><id>9</id><contributor><id>8</id></contributor><text xml:space=\"preserve\">" + text +
         "</text></revision></page>\n";
}

struct Parsed {
  std::vector<Page> pages;
  PageCounts counts;
  std::string url_prefix, error;
};

Parsed parse(const std::string& xml, size_t piece_bytes = 1 << 20, bool replace = false) {
  DumpParser parser({.subject = "dump.xml", .replace_broken_utf8 = replace});
  Parsed parsed;
  try {
    for (size_t at = 0; at < xml.size(); at += piece_bytes) parser.feed(std::string_view(xml).substr(at, piece_bytes));
    parser.finish();
  } catch (const UserError& error) {
    parsed.error = error.what();
  }
  parsed.pages = parser.take_pages();
  parsed.counts = parser.counts();
  parsed.url_prefix = parser.url_prefix();
  return parsed;
}

TEST(DumpParser, GivesArticlesWithReferencesDecoded) {
  const std::string xml = std::string(kBegin) + page("12", "0", "&lt;b&gt; caf\u00E9 &amp;nbsp;") + std::string(kEnd);
  for (const size_t piece_bytes : {size_t{1}, size_t{7}, xml.size()}) {
    const Parsed parsed = parse(xml, piece_bytes);
    ASSERT_EQ(parsed.pages.size(), 1u) << parsed.error;
    EXPECT_EQ(parsed.pages[0].id, 12);
    EXPECT_EQ(parsed.pages[0].title, "T & 12");
    EXPECT_EQ(parsed.pages[0].wikitext, "<b> caf\u00E9 &nbsp;");
    EXPECT_EQ(parsed.url_prefix, "https://en.wikipedia.org/wiki");
  }
}

TEST(DumpParser, CountsWhatIsNoArticle) {
  const Parsed parsed =
      parse(std::string(kBegin) + page("1", "0", "a") + page("2", "10", "template") +
            page("3", "0", "#REDIRECT [[A]]", "<redirect title=\"A\" />") + page("1", "0", "again") +
            page("4", "0", "#redirect [[B]]") + page("x", "0", "no id") + page("5", "0", "") + std::string(kEnd));
  EXPECT_EQ(parsed.error, "");
  ASSERT_EQ(parsed.pages.size(), 2u);
  EXPECT_EQ(parsed.pages[1].id, 5);
  EXPECT_EQ(parsed.counts.pages, 7);
  EXPECT_EQ(parsed.counts.other_namespaces, 1);
  EXPECT_EQ(parsed.counts.redirects, 2);
  EXPECT_EQ(parsed.counts.repeated, 1);
  EXPECT_EQ(parsed.counts.without_id, 1);
}

TEST(DumpParser, TakesADumpOfAnotherSiteAndOneWithoutSiteinfo) {
  EXPECT_EQ(parse("<mediawiki><siteinfo><base>https://wiki.example.org/Start</base></siteinfo></mediawiki>").url_prefix,
            "https://wiki.example.org");
  EXPECT_EQ(parse("<mediawiki>" + page("1", "0", "a") + "</mediawiki>").pages.size(), 1u);
}

TEST(DumpParser, KeepsThePagesBeforeACutAndNamesByteAndPage) {
  const std::string whole = std::string(kBegin) + page("1", "0", "a") + page("2", "0", "bbbbbb");
  const Parsed parsed = parse(whole.substr(0, whole.size() - 40));
  EXPECT_EQ(parsed.pages.size(), 1u);
  EXPECT_NE(parsed.error.find("`dump.xml` must be a whole dump, but ends at byte "), std::string::npos) << parsed.error;
  EXPECT_NE(parsed.error.find("in page `T & 2`"), std::string::npos) << parsed.error;
}

TEST(DumpParser, RefusesWhatIsNoExport) {
  EXPECT_NE(parse("plain text").error.find("must be XML of MediaWiki's export, but is not XML at byte 0"),
            std::string::npos);
  EXPECT_NE(parse("<html><body/></html>").error.find("its first element is <html>"), std::string::npos);
  EXPECT_NE(
      parse(std::string(kBegin) + page("1", "0", "a") + "<page></mediawiki>").error.find("must be well-formed XML"),
      std::string::npos);
}

TEST(DumpParser, NamesTheByteThatIsNotUtf8) {
  const std::string before = std::string(kBegin) + page("1", "0", "a") + "<page><title>";
  for (const size_t piece_bytes : {size_t{1}, size_t{64}, size_t{4096}}) {
    const Parsed parsed = parse(before + "caf\xE9</title></page></mediawiki>", piece_bytes);
    EXPECT_NE(parsed.error.find("must be UTF-8, but is broken at byte " + std::to_string(before.size() + 3) + " of"),
              std::string::npos)
        << parsed.error;
    EXPECT_EQ(parsed.pages.size(), 1u);
  }
}

TEST(DumpParser, MarksPagesThatAreNotUtf8WhenAsked) {
  const Parsed parsed =
      parse(std::string(kBegin) + page("1", "0", "a\xFF\xE9") + page("2", "0", "b") + std::string(kEnd), 5, true);
  EXPECT_EQ(parsed.error, "");
  ASSERT_EQ(parsed.pages.size(), 2u);
  EXPECT_TRUE(parsed.pages[0].is_broken);
  EXPECT_FALSE(parsed.pages[1].is_broken);
}

// Also after replacements, which make the XML longer.
TEST(DumpParser, NamesTheByteAtWhichAPageBegins) {
  const std::string xml = std::string(kBegin) + page("1", "0", "a\xFF\xE9") + page("2", "10", "b") +
                          page("3", "0", "c\xFF") + page("4", "0", "d") + std::string(kEnd);
  for (const size_t piece_bytes : {size_t{1}, size_t{50}, xml.size()}) {
    const Parsed parsed = parse(xml, piece_bytes, true);
    ASSERT_EQ(parsed.pages.size(), 3u) << parsed.error;
    size_t byte = 0;
    for (const Page& read : parsed.pages) {
      byte = xml.find("<page><title>T &amp; " + std::to_string(read.id));
      EXPECT_EQ(read.byte, static_cast<int64_t>(byte)) << piece_bytes;
    }
    EXPECT_EQ(parsed.pages[2].counts.pages, 3);
    EXPECT_EQ(parsed.pages[2].counts.other_namespaces, 1);
  }
}

TEST(DumpParser, BeginsAtAPageInTheMiddle) {
  const std::string begin = std::string(kBegin) + page("1", "0", "a") + page("2", "0", "b");
  const std::string rest = page("3", "0", "c\xFF") + page("1", "0", "again");
  DumpParser parser({.subject = "dump.xml"}, {.byte = static_cast<int64_t>(begin.size()),
                                              .url_prefix = "https://x.org/wiki",
                                              .counts = {.pages = 2},
                                              .article_ids = {1, 2}});
  std::string error;
  try {
    parser.feed(rest);
  } catch (const UserError& problem) {
    error = problem.what();
  }
  EXPECT_NE(error.find("is broken at byte " + std::to_string(begin.size() + rest.find('\xFF'))), std::string::npos)
      << error;
  DumpParser other({.subject = "dump.xml"}, {.byte = 100, .counts = {.pages = 2}, .article_ids = {1, 2}});
  other.feed(page("3", "0", "c") + page("1", "0", "again") + "</mediawiki>");
  other.finish();
  const std::vector<Page> pages = other.take_pages();
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_EQ(pages[0].id, 3);
  EXPECT_EQ(pages[0].byte, 100);
  EXPECT_EQ(other.counts().repeated, 1);
  EXPECT_EQ(other.counts().pages, 4);
}

}  // namespace
}  // namespace retort::corpus
