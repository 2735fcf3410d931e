// Extraction of a small dump: the files, the same bytes for every number of threads, and continuing.
#include "retort/corpus/wiki/extraction.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "retort/base/error.h"
#include "retort/base/thread.h"
#include "unit/base/base_testing.h"

namespace retort::corpus {
namespace {

std::string make_dump(int page_count) {
  std::string xml = "<mediawiki><siteinfo><base>http://x.org/wiki/Main</base></siteinfo>";
  for (int i = 1; i <= page_count; ++i)
    xml += fmt::format(
        "<page><title>Page {0}</title><ns>0</ns><id>{0}</id><revision><text>'''Page {0}''' is {{{{a}}}} "
        "{1}.\n\n* list</text></revision></page>",
        i, std::string(static_cast<size_t>(i * 37 % 101), 'x'));
  return xml + "</mediawiki>";
}

struct Settings {
  int64_t file_bytes = 2000;
  bool json = false;
  int64_t min_text_length = 0;
  WhenThere when_there = WhenThere::kRefuse;
};

// Pieces of a few bytes, so that pages are cut.
ExtractionCounts extract(const std::string& xml, const fs::path& folder, const Settings& settings = {}) {
  std::istringstream in(xml);
  StreamSource source(in, "dump.xml", 1000);
  DumpParser parser({.subject = "dump.xml"});
  ExtractionFolder into({.folder = folder,
                         .file_bytes = settings.file_bytes,
                         .settings = {{"json", settings.json}},
                         .when_there = settings.when_there});
  Extraction extraction(source, parser, into, {.json = settings.json, .min_text_length = settings.min_text_length});
  try {
    while (extraction.advance()) {
    }
  } catch (const UserError&) {
    extraction.keep_finished();
    throw;
  }
  return into.counts;
}

std::map<std::string, std::string> articles_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().filename().string().starts_with("wiki_"))
      files[fs::relative(entry.path(), folder)] = content_of(entry.path());
  return files;
}

TEST(Extraction, WritesDocBlocks) {
  const TemporaryFolder folder;
  extract(
      "<mediawiki><siteinfo><base>http://x.org/wiki/Main</base></siteinfo><page><title>A &amp; "
      "\"B\"</title><ns>0</ns><id>7</id>"
      "<revision><text>One.\n\n&lt;nowiki&gt;&lt;/nowiki&gt;Two.\n&amp;lt;/doc&gt;</text></revision></page></"
      "mediawiki>",
      folder.path);
  EXPECT_EQ(
      articles_in(folder.path).at("AA/wiki_00"),
      "<doc id=\"7\" url=\"http://x.org/wiki?curid=7\" title=\"A &amp; &quot;B&quot;\">\nA & \"B\"\n\nOne.\n\nTwo.\n"
      "&lt;/doc>\n\n</doc>\n");
}

TEST(Extraction, WritesLinesOfJson) {
  const TemporaryFolder folder;
  extract(make_dump(1), folder.path, {.json = true});
  const Json line = Json::parse(articles_in(folder.path).at("AA/wiki_00"));
  EXPECT_EQ(line, Json({{"id", "1"},
                        {"url", "http://x.org/wiki?curid=1"},
                        {"title", "Page 1"},
                        {"text", "Page 1 is " + std::string(37, 'x') + "."}}));
}

TEST(Extraction, ClosesAFileBeforeItIsTooLong) {
  const TemporaryFolder folder;
  const ExtractionCounts counts = extract(make_dump(300), folder.path);
  const auto files = articles_in(folder.path);
  EXPECT_EQ(static_cast<int64_t>(files.size()), counts.files);
  EXPECT_EQ(counts.articles, 300);
  int64_t bytes = 0;
  for (const auto& [name, content] : files) {
    EXPECT_LE(content.size(), 2000u) << name;
    bytes += static_cast<int64_t>(content.size());
  }
  EXPECT_EQ(bytes, counts.bytes);
  EXPECT_TRUE(files.contains("AA/wiki_10"));
}

TEST(Extraction, NamesFilesAsThePublishedExtractor) {
  EXPECT_EQ(article_file_name(0), "AA/wiki_00");
  EXPECT_EQ(article_file_name(199), "AB/wiki_99");
  EXPECT_EQ(article_file_name(2600), "BA/wiki_00");
  EXPECT_EQ(article_file_name(67599), "ZZ/wiki_99");
  EXPECT_THROW(article_file_name(67600), UserError);
}

std::string without_blank_lines(const std::string& text) {
  std::string lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines += line + "\n";
  return lines;
}

// The published extractor writes more than one blank line in a row here and there.
TEST(Extraction, WritesTheLinesOfThePublishedExtractor) {
  const TemporaryFolder folder;
  const fs::path fixtures = fs::path(RETORT_FIXTURES) / "corpus";
  extract(content_of(fixtures / "pages.xml"), folder.path, {.file_bytes = 1 << 20});
  EXPECT_EQ(without_blank_lines(articles_in(folder.path).at("AA/wiki_00")),
            without_blank_lines(content_of(fixtures / "wikiextractor_2.75.txt")));
}

TEST(Extraction, WritesTheSameBytesForEveryNumberOfThreads) {
  const TemporaryFolder one, four;
  const int threads = thread_count();
  set_thread_count(1);
  extract(make_dump(500), one.path);
  set_thread_count(4);
  extract(make_dump(500), four.path);
  set_thread_count(threads);
  EXPECT_EQ(articles_in(one.path), articles_in(four.path));
}

struct Outcome {
  ExtractionCounts counts;
  PageCounts pages;
};

// Continues in the folder, reading the dump from the place that the folder names.
Outcome continue_at_place(const std::string& xml, const fs::path& folder, int64_t* begun_at) {
  ExtractionFolder into(
      {.folder = folder, .file_bytes = 2000, .settings = {{"json", false}}, .when_there = WhenThere::kResume});
  const ExtractionPlace place = into.place().value();
  *begun_at = place.byte;
  std::istringstream in(xml);
  const auto source = open_dump_at(in, "dump.xml", place.source, place.byte, 1000);
  DumpParser parser({.subject = "dump.xml"}, {.byte = place.byte,
                                              .url_prefix = place.url_prefix,
                                              .counts = place.counts,
                                              .article_ids = into.read_article_ids()});
  Extraction extraction(*source, parser, into, {.first_page = into.first_page()});
  while (extraction.advance()) {
  }
  return {into.counts, parser.counts()};
}

TEST(Extraction, ContinuesAtItsPlaceWithoutReadingTheDumpBeforeIt) {
  const TemporaryFolder whole, stopped;
  std::string xml = make_dump(300);
  xml.insert(xml.rfind("</mediawiki>"),
             "<page><title>R</title><id>7</id><revision><text>again</text></revision></page>");
  const ExtractionCounts wanted = extract(xml, whole.path);
  EXPECT_THROW(extract(xml.substr(0, xml.size() / 2), stopped.path), UserError);
  int64_t begun_at = 0;
  const size_t siteinfo_end = xml.find("</siteinfo>");
  const Outcome outcome = continue_at_place(xml.replace(0, siteinfo_end, siteinfo_end, ' '), stopped.path, &begun_at);
  EXPECT_GT(begun_at, static_cast<int64_t>(xml.size() / 4));
  EXPECT_EQ(articles_in(stopped.path), articles_in(whole.path));
  EXPECT_EQ(outcome.counts.articles, wanted.articles);
  EXPECT_EQ(outcome.counts.files, wanted.files);
  EXPECT_EQ(outcome.pages.pages, 301);
  EXPECT_EQ(outcome.pages.repeated, 1) << "the id of a page before the place";
}

TEST(Extraction, RefusesToContinueInAnotherDump) {
  const TemporaryFolder stopped;
  const std::string xml = make_dump(300);
  EXPECT_THROW(extract(xml.substr(0, xml.size() / 2), stopped.path), UserError);
  int64_t begun_at = 0;
  const std::string message = user_error([&] { continue_at_place(" " + xml, stopped.path, &begun_at); });
  EXPECT_NE(message.find("must be the dump that the extraction began with, but has no page at byte " +
                         std::to_string(begun_at)),
            std::string::npos)
      << message;
}

// A cut dump stands for any stop: what is finished stays, and the whole dump gives the rest.
TEST(Extraction, ContinuesAfterFinishedFilesWithTheSameBytes) {
  const TemporaryFolder whole, stopped;
  const std::string xml = make_dump(300);
  const ExtractionCounts wanted = extract(xml, whole.path);
  EXPECT_THROW(extract(xml.substr(0, xml.size() / 2), stopped.path), UserError);
  EXPECT_GT(articles_in(stopped.path).size(), 3u);
  const ExtractionCounts counts = extract(xml, stopped.path, {.when_there = WhenThere::kResume});
  EXPECT_EQ(articles_in(stopped.path), articles_in(whole.path));
  EXPECT_EQ(counts.articles, wanted.articles);
  EXPECT_EQ(counts.bytes, wanted.bytes);
  EXPECT_EQ(counts.files, wanted.files);
}

TEST(Extraction, RefusesAFolderWithArticlesOrOtherSettings) {
  const TemporaryFolder folder;
  extract(make_dump(3), folder.path);
  EXPECT_NE(user_error([&] { extract(make_dump(3), folder.path); }).find("pass --resume to continue it"),
            std::string::npos);
  const std::string message =
      user_error([&] { extract(make_dump(3), folder.path, {.json = true, .when_there = WhenThere::kResume}); });
  EXPECT_NE(message.find("`json` is true, but was false"), std::string::npos) << message;
  extract(make_dump(2), folder.path, {.json = true, .when_there = WhenThere::kReplace});
  EXPECT_EQ(articles_in(folder.path).at("AA/wiki_00").find("<doc"), std::string::npos);
}

TEST(Extraction, CountsEmptyAndShortArticles) {
  const TemporaryFolder folder;
  const std::string xml =
      "<mediawiki><page><title>Ab</title><id>1</id><revision><text/></revision></page>"
      "<page><title>Ab</title><id>2</id><revision><text>\u00E9\u00E9\u00E9</text></revision></page>"
      "<page><title>Ab</title><id>3</id><revision><text>\u00E9\u00E9\u00E9\u00E9</text></revision></page></mediawiki>";
  const ExtractionCounts counts = extract(xml, folder.path, {.min_text_length = 7});
  EXPECT_EQ(counts.empty, 1);
  EXPECT_EQ(counts.too_short, 1);  // title, line end and three characters are six
  EXPECT_EQ(counts.articles, 1);
}

}  // namespace
}  // namespace retort::corpus
