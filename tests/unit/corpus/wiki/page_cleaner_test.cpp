// The cleaning steps together, and that no text makes them slow: the work, counted in bytes that a page may become, is
// bounded for texts of nothing but unbalanced and nested markup.
#include "retort/corpus/wiki/page_cleaner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace retort::corpus {
namespace {

std::string repeat(std::string_view text, int64_t count) {
  std::string repeated;
  for (int64_t i = 0; i < count; ++i) repeated += text;
  return repeated;
}

TEST(PageCleaner, TakesTheStepsInTheirOrder) {
  const std::string text = clean_wikitext(
      "{{Infobox|name={{lang|el|x}}}}\n"
      "'''Anarchism''' is a [[political philosophy]]<ref name=\"a/b\">[http://a.org A] {{cite}}</ref> of "
      "''self-governed''&nbsp;"
      "[[society|societies]].\n__NOTOC__\n[[File:A.jpg|thumb|A [[cat]]]]\n== History ==\n* item\n{|\n| cell\n|}\n"
      "The area is <math>x^2</math> &lt;ref&gt; &amp; more.\n[[Category:Politics]]\n",
      {});
  EXPECT_EQ(text,
            "Anarchism is a political philosophy of \"self-governed\"\u00A0societies.\n\n"
            "The area is formula_1 <ref> & more.\n");
}

TEST(PageCleaner, GivesNothingForAPageOfMarkup) {
  EXPECT_EQ(clean_wikitext("", {}), "");
  EXPECT_EQ(clean_wikitext("{{a}}\n[[Category:B]]\n* c\n==D==\n", {}), "");
}

// With a step that takes quadratic time in one of these megabytes, the test takes hours instead of seconds.
TEST(PageCleaner, IsLinearInUnbalancedAndNestedMarkup) {
  constexpr int64_t kCount = 200000;
  const std::vector<std::string> pieces = {"{{",
                                           "}}",
                                           "{|",
                                           "|}",
                                           "[[",
                                           "]]",
                                           "[http://a ",
                                           "[//",
                                           "<ref>",
                                           "</ref>",
                                           "<ref ",
                                           "<div <",
                                           "<!--",
                                           "<math>",
                                           "</math>",
                                           "<",
                                           "< ",
                                           "''",
                                           "'''''x",
                                           "\"\"",
                                           "''\"",
                                           "&",
                                           "&#",
                                           "__A",
                                           "=",
                                           "== ",
                                           "\n\n!",
                                           "[[a|",
                                           "[[a|[[File:b|",
                                           "<math><code>",
                                           "<b <!-- ",
                                           ",,.",
                                           "((((",
                                           "\xE2\x80\x94",
                                           "\xFF",
                                           "* \n: "};
  for (const std::string& piece : pieces) {
    const std::string text = repeat(piece, kCount);
    EXPECT_LE(clean_wikitext(text, {}).size(), 2 * text.size()) << piece;
    EXPECT_LE(clean_wikitext(text + "x", {.lines = {true, true}, .tags = {true, true}}).size(), 8 * text.size())
        << piece;
  }
}

TEST(PageCleaner, TakesMarkupOfAnyDepth) {
  constexpr int64_t kDepth = 100000;
  const auto nested = [](std::string_view open, std::string_view close) {
    return repeat(open, kDepth) + "x" + repeat(close, kDepth) + "y";
  };
  EXPECT_EQ(clean_wikitext(nested("{{a|", "}}"), {}), "y\n");
  EXPECT_EQ(clean_wikitext(nested("{|\n", "|}"), {}), "y\n");
  EXPECT_EQ(clean_wikitext(nested("<div>", "</div>"), {}), "y\n");
  EXPECT_EQ(clean_wikitext(nested("[[a|", "]]") + " z", {}), "xy z\n");
  EXPECT_EQ(clean_wikitext(nested("[[File:a|", "]]") + " z", {}), "y z\n");
}

}  // namespace
}  // namespace retort::corpus
