// Each cleaning step on its own. The expected texts are what WikiExtractor 2.75 makes of the same wikitext, unless a
// test says that it keeps text which that program loses.
#include <gtest/gtest.h>

#include "retort/corpus/wiki/article_lines.h"
#include "retort/corpus/wiki/balanced_marks.h"
#include "retort/corpus/wiki/character_references.h"
#include "retort/corpus/wiki/external_links.h"
#include "retort/corpus/wiki/internal_links.h"
#include "retort/corpus/wiki/quote_marks.h"
#include "retort/corpus/wiki/tags.h"
#include "retort/corpus/wiki/typography.h"
#include "retort/corpus/wiki/wiki_tables.h"

namespace retort::corpus {
namespace {

std::string drop_templates(std::string text) { return drop_balanced(std::move(text), "{{", "}}"); }
std::string links(std::string_view text) { return replace_internal_links(text, false); }
std::string markup(std::string_view text) { return drop_markup(text, {}); }
std::string elements(std::string text) { return drop_elements(std::move(text), {}); }
std::string lines(std::string_view text) { return select_lines(text, {}); }

TEST(Templates, AreDroppedWithThoseInside) {
  EXPECT_EQ(drop_templates("a {{b|{{c}}|d}} e{{f}}"), "a  e");
  EXPECT_EQ(drop_templates("{{Infobox\n|name={{lang|el|x}}\n}}\nText"), "\nText");
  EXPECT_EQ(drop_templates("no braces { } here"), "no braces { } here");
  EXPECT_EQ(drop_templates(""), "");
}

// WikiExtractor drops all from the first brace without a partner to the last closing one.
TEST(Templates, WithoutTheirEndLoseNothingElse) {
  EXPECT_EQ(drop_templates("{{broken text {{a}} more {{b}} end"), "{{broken text  more  end");
  EXPECT_EQ(drop_templates("a }} b {{c}} d }}"), "a }} b  d }}");
  EXPECT_EQ(drop_templates("{{{1|x}}} y"), "} y");
}

TEST(Tables, AreDroppedWithThoseInside) {
  EXPECT_EQ(drop_balanced("a\n{| class=x\n|-\n| b\n{|\n| c\n|}\n|}\nd", "{|", "|}"), "a\n\nd");
  EXPECT_EQ(drop_balanced("{| unclosed\nText", "{|", "|}"), "{| unclosed\nText");
}

TEST(Tables, GiveTheirCellsWhereTheyAreKept) {
  EXPECT_EQ(unwrap_tables(
                "x\n{| class=\"wikitable\"\n|+ Caption\n! Year !! Won\n|-\n| align=\"left\" | 1990 || [[A|B]]\n|}\ny"),
            "x\nCaption\nYear Won\n1990 [[A|B]]\ny\n");
}

TEST(QuoteMarks, OfBoldVanishAndOfItalicBecomeQuotes) {
  EXPECT_EQ(replace_quote_marks("'''bold''' ''italic'' '''''both'''''"), "bold \"italic\" both");
  EXPECT_EQ(replace_quote_marks("''\"quoted\"'' and \"\"double\"\""), "\"quoted\" and \"double\"");
  EXPECT_EQ(replace_quote_marks("l'''amour''' d'été"), "lamour d'été");
}

TEST(QuoteMarks, WithoutAPartnerInTheirLineAreResidues) {
  EXPECT_EQ(replace_quote_marks("'''a\nb'''"), "a\nb");
  EXPECT_EQ(replace_quote_marks("''a\nb''"), "\"a\nb\"");
  EXPECT_EQ(replace_quote_marks("it's '' so"), "it's \" so");
}

TEST(InternalLinks, GiveLabelAndTrail) {
  EXPECT_EQ(links("[[Apple]]s and [[Apple|red apple]]s"), "Apples and red apples");
  EXPECT_EQ(links("[[German language|  German ]]-speaking"), "German-speaking");
  EXPECT_EQ(links("[[a|b|c]]"), "b|c");
  EXPECT_EQ(links("[[Ζεύς]]ες"), "Ζεύςες");
}

TEST(InternalLinks, WithOtherPrefixesVanish) {
  EXPECT_EQ(links("x[[File:A.jpg|thumb|A [[cat]] and a [[dog|hound]] here]]y"), "xy");
  EXPECT_EQ(links("[[Category:Fruit]][[de:Apfel]][[:Category:Fruit]]"), "");
  EXPECT_EQ(links("[[wiktionary:apple|apple]] [[w:Pear]]"), "apple w:Pear");
}

// WikiExtractor leaves the brackets of links in labels, and no link behind an unclosed one is replaced.
TEST(InternalLinks, InLabelsAndBehindUnclosedOnesAreReplaced) {
  EXPECT_EQ(links("[[a|see [[b|c]] there]]"), "see c there");
  EXPECT_EQ(links("[[open and [[Apple]] more"), "[[open and Apple more");
  EXPECT_EQ(links("]] [[Apple]]"), "]] Apple");
}

TEST(InternalLinks, AreKeptAsAnchorsWhenAsked) {
  EXPECT_EQ(replace_internal_links("[[New York|the city]]", true), "<a href=\"New%20York\">the city</a>");
}

TEST(ExternalLinks, GiveTheirText) {
  EXPECT_EQ(replace_external_links("see [http://a.org/x?y the page] and [https://b.org]", false), "see the page and ");
  EXPECT_EQ(replace_external_links("[MAILTO:x@y.z Write] [//a.org/b c]", false), "Write c");
  EXPECT_EQ(replace_external_links("[1] [note] [ http://a.org x]", false), "[1] [note] [ http://a.org x]");
  EXPECT_EQ(replace_external_links("[http://a.org http://b.org/c.png]", false), "");
  EXPECT_EQ(replace_external_links("[http://a.org open\n[http://b.org done]", false), "[http://a.org open\ndone");
}

TEST(BehaviorSwitches, Vanish) {
  EXPECT_EQ(drop_behavior_switches("a__NOTOC__b __x__ __TOC_ ___END__"), "ab __x__ __TOC_ _");
}

TEST(CharacterReferences, AreDecodedOnce) {
  EXPECT_EQ(decode_character_references("&amp;lt; &eacute;&#233;&#xE9; &nbsp;"), "&lt; ééé \u00A0");
  EXPECT_EQ(decode_character_references("AT&T &unknown; &; &#; & &#x;"), "AT&T &unknown; &; &#; & &#x;");
  EXPECT_EQ(decode_character_references("a&#x1F600;b&#0;c&#xD800;d&#99999999999;e"), "abcde");
  EXPECT_EQ(decode_character_references(escape_markup("<a href=\"b\">&amp;")), "<a href=\"b\">&amp;");
}

TEST(Markup, OfFormattingVanishesAndItsTextStays) {
  EXPECT_EQ(markup("<b>a</b> <SPAN class=\"x\">b</span > <font color=red>c</font>"), "a b c");
  EXPECT_EQ(markup("a<!-- no <b> -->b<!-- open"), "ab<!-- open");
  EXPECT_EQ(markup("x<ref name=\"a\" />y<references/>z"), "xyz");
  EXPECT_EQ(markup("1 < b > 2, x<y"), "1 < b > 2, x<y");
  EXPECT_EQ(markup("<ref>kept for later</ref>"), "<ref>kept for later</ref>");
}

// WikiExtractor puts the words together.
TEST(Markup, OfBreaksLeavesASpaceBetweenWords) {
  EXPECT_EQ(markup("a<br />b<br>c <br/> d<br>\ne<hr>\n<br> f"), "a b c  d\ne\nf");
}

TEST(Elements, VanishWithWhatTheyHold) {
  EXPECT_EQ(elements("a<ref>b</ref>c<ref name=x>d</ref >e"), "ace");
  EXPECT_EQ(elements("H<sub>2</sub>O <gallery>x\ny</gallery>z"), "HO z");
  EXPECT_EQ(elements("<div>a<div>b</div>c</div>d"), "d");
  EXPECT_EQ(elements("a<small>b<ref>c</small>d</ref>e"), "abe");
}

// WikiExtractor takes <ref name="a/b"> for self-closing, and leaves the markup of tags without a partner.
TEST(Elements, WithoutAPartnerLoseTheirMarkup) {
  EXPECT_EQ(elements("a<ref name=\"b/c\">d</ref>e"), "ae");
  EXPECT_EQ(elements("a</div>b<li>c<ref>d"), "abcd");
  EXPECT_EQ(elements("<ref>open <ref>x</ref> text"), "open  text");
}

TEST(Elements, OfTablesStayWhenTablesDo) {
  const TagOptions keep{.keep_tables = true};
  EXPECT_EQ(drop_elements(drop_markup("<table><tr><td>a</td></tr></table>", keep), keep), "a");
}

TEST(Placeholders, CountTheElementsOfAPage) {
  EXPECT_EQ(number_placeholders("<math>x</math> <math display=\"block\">y</math> <math>x</math> <code>z</code>"),
            "formula_1 formula_2 formula_1 codice_1");
  EXPECT_EQ(number_placeholders("<math>open"), "<math>open");
}

TEST(Code, IsProtectedFromLaterSteps) {
  EXPECT_EQ(protect_code("<syntaxhighlight lang=\"c\">a<b>&amp;</syntaxhighlight>"), "a&lt;b&gt;&amp;amp;");
}

TEST(Typography, TidiesRunsAndGuillemets) {
  EXPECT_EQ(tidy_typography("a\t  b .... c .. <<d>>"), "a b ... c .. «d»");
  EXPECT_EQ(tidy_typography("a,, b,. c"), "a, b. c");
}

TEST(Typography, DropsLinesWithoutAWord) {
  EXPECT_EQ(tidy_typography("a\n--- !\nb"), "a\nb");
  EXPECT_EQ(tidy_typography("a\n\nb"), "a\n\nb");
  EXPECT_EQ(tidy_typography("a\n\n\nb"), "a\nb");
  EXPECT_EQ(tidy_typography("a\n— é\nb"), "a\n— é\nb");
}

TEST(Lines, OfListsAndRemaindersAreDropped) {
  EXPECT_EQ(lines("a\n* b\n# c\n; d\n: e\n{| f\n| g\nh }\n(i)\n...--\n j\nk"), "a\nk\n");
  EXPECT_EQ(lines("\n\na\n\n\nb\n\n"), "a\n\nb\n");
}

TEST(Lines, TheFirstBelowAHeadingStays) { EXPECT_EQ(lines("== A ==\n* x\n b\n c\n==B==\n==C=="), " b\n"); }

TEST(Lines, HeadingsStayWithTextBelow) {
  const LineOptions keep{.keep_sections = true};
  EXPECT_EQ(select_lines("==A==\n===B===\ntext\n==C==\n==D?==\nmore", keep), "A.\nB.\ntext\nD?\nmore\n");
  EXPECT_EQ(select_lines("==A==\n===B===\n==C==\ntext", keep), "C.\ntext\n");
  EXPECT_EQ(select_lines("===A==\nx", keep), "=A.\nx\n");
  EXPECT_EQ(select_lines("==A\nx", keep), "==A\nx\n");
}

TEST(Lines, ItemsOfListsStayWhenAsked) {
  EXPECT_EQ(select_lines("==A==\n* b\n*# c\n*", {.keep_sections = true, .keep_lists = true}), "A.\nb\nc\n");
}

}  // namespace
}  // namespace retort::corpus
