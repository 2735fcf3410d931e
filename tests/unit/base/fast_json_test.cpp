// The fast reader: values and kinds as RFC 8259 has them, byte order marks, pieces, places of errors.
#include "retort/base/fast_json.h"

#include <gtest/gtest.h>

#include "base_testing.h"

namespace retort {
namespace {

TEST(FastJson, NamesEveryKindOfValue) {
  const std::pair<const char*, const char*> kinds[] = {{"[]", "a list"},     {"{}", "an object"},
                                                       {"\"\"", "a string"}, {"true", "a boolean"},
                                                       {"null", "null"},     {"-0.5", "a number with a fraction"},
                                                       {"-7", "an integer"}, {"18446744073709551615", "an integer"}};
  for (const auto& [text, kind] : kinds) {
    FastJson json{std::string(text)};
    EXPECT_STREQ(kind_name(json.parse("in.json")), kind) << text;
  }
}

TEST(FastJson, PassesOverAByteOrderMark) {
  FastJson json("\xEF\xBB\xBF{\"a\": 1}");
  EXPECT_EQ(json.text(), "{\"a\": 1}");
  EXPECT_EQ(int64_t(json.parse("in.json")["a"]), 1);
}

TEST(FastJson, PartsStandAlone) {
  FastJson json("[1]\n{\"a\": \"\\u00e9\"}\n[2");
  EXPECT_EQ(std::string_view(json.parse_part(json.text().substr(4, 15))["a"]), "\xC3\xA9");
  EXPECT_NE(json.parse_part(json.text().substr(20)).error(), simdjson::SUCCESS);
  EXPECT_EQ(int64_t(json.parse_part(json.text().substr(0, 3)).at(0)), 1);
}

TEST(FastJson, ErrorsNameSubjectLineAndColumn) {
  const auto error_of = [](const char* text) { return user_error([&] { FastJson(text).parse("in.json"); }); };
  expect_contains(error_of("{\n  \"a\": 1,\n  \"b\": nope\n}"),
                  "`in.json` must be valid JSON, but is not at line 3, column 9: ");
  expect_contains(error_of(""), "line 1, column 1: ");
  expect_contains(error_of("{\"a\": [1, 2"), "unexpected end of input");
  expect_contains(error_of("[\"\xFF\"]"), "line 1, column 3: ");
}

}  // namespace
}  // namespace retort
