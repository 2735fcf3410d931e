// What Python 3.11 answers.
#include "retort/corpus/sentences/python_text.h"

#include <gtest/gtest.h>

namespace retort::corpus {
namespace {

std::string lower(std::string_view text) {
  std::string out;
  append_lower(text, out);
  return out;
}

uint8_t classes_of(std::string_view character) {
  return read_character(character.data(), character.data() + character.size()).classes;
}

TEST(PythonText, LowersAsStrLowerDoes) {
  EXPECT_EQ(lower("ABC xyz 1"), "abc xyz 1");
  EXPECT_EQ(lower("ÀÉÑÖ Ω"), "àéñö ω");
  EXPECT_EQ(lower("İ"), "i\u0307");
  EXPECT_EQ(lower("ΑΣ"), "ας");
  EXPECT_EQ(lower("ΑΣ."), "ας.");
  EXPECT_EQ(lower("ΑΣΑ"), "ασα");
  EXPECT_EQ(lower("Σ"), "σ");
  EXPECT_EQ(lower("Α.Σ'"), "α.ς'");
  EXPECT_EQ(lower("Α Σ"), "α σ");
  EXPECT_EQ(lower("ẞ ǅ 𐐀"), "ß ǆ 𐐨");
}

TEST(PythonText, KnowsClasses) {
  EXPECT_EQ(classes_of("a") & (kLetter | kLower | kUpper | kDigit), kLetter | kLower);
  EXPECT_EQ(classes_of("_") & (kLetter | kLower), kLetter);
  EXPECT_EQ(classes_of("٣") & (kLetter | kDigit), kDigit);
  EXPECT_EQ(classes_of("\u00a0") & (kSpace | kStripped), kSpace | kStripped);
  EXPECT_EQ(classes_of("\x1c") & (kSpace | kStripped), kStripped);
  EXPECT_EQ(classes_of("ǅ") & (kUpper | kLower), 0);
}

TEST(PythonText, StripsWhiteSpace) {
  EXPECT_EQ(strip(" \t\u2003a b\u00a0\x1f\r\n"), "a b");
  EXPECT_EQ(strip_right(" a \u3000"), " a");
  EXPECT_EQ(strip(" \u2028 "), "");
}

}  // namespace
}  // namespace retort::corpus
