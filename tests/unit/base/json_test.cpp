// JSON: order, places of errors, the depth limit, comments, files.
#include "retort/base/json.h"

#include <gtest/gtest.h>

#include <clocale>

#include "base_testing.h"

namespace retort {
namespace {

std::string parse_error(std::string_view text) {
  return user_error([&] { parse_json(text, "in.json"); });
}

TEST(Json, KeepsTheOrderOfKeys) {
  EXPECT_EQ(parse_json(R"({"b":1,"a":[true,null,"é"]})", "x").dump(), R"({"b":1,"a":[true,null,"é"]})");
}

TEST(Json, ErrorsNameSubjectLineAndColumn) {
  const std::string text = parse_error("{\n  \"a\": 1,\n  \"b\": nope\n}");
  expect_contains(text, "`in.json` must be valid JSON, but is not at line 3, column 9: ");
  expect_contains(text, "invalid literal");
}

TEST(Json, ColumnsCountCharacters) { expect_contains(parse_error("[\"äöü\" x]"), "line 1, column 8: "); }

TEST(Json, CutAndEmptyTexts) {
  expect_contains(parse_error(""), "line 1, column 1: ");
  expect_contains(parse_error("{\"a\": [1, 2"), "unexpected end of input");
  expect_contains(parse_error("\"never closed"), "missing closing quote");
  expect_contains(parse_error("[1] 2"), "line 1, column 5: ");
}

TEST(Json, RefusesWhatJsonDoesNotKnow) {
  expect_contains(parse_error("[NaN]"), "line 1, column 2: ");
  expect_contains(parse_error("[1e999]"), "number overflow");
  expect_contains(parse_error("[\"\xFF\"]"), "line 1, column 3: ");
  expect_contains(parse_error("[1] // x"), "line 1, column 5: ");
}

TEST(Json, LongTokensAreCutInTheMessage) { EXPECT_LT(parse_error("[\"" + std::string(100000, 'a')).size(), 400u); }

TEST(Json, DepthIsLimitedBeforeParsing) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_NO_THROW(parse_json(nested(256), "x"));
  EXPECT_EQ(parse_error("\n" + nested(257)),
            "`in.json` must be nested at most 256 deep, but is deeper at line 2, column 257");
  // Deep enough to end the process if it ever reached a recursive function.
  expect_contains(parse_error(std::string(10'000'000, '{')), "at most 256 deep");
}

TEST(Json, BracketsInStringsAreNotDepth) {
  const std::string brackets = "\"" + std::string(1000, '[') + "\\\"" + std::string(1000, '{') + "\"";
  EXPECT_EQ(parse_json(brackets, "x").get<std::string>().size(), 2001u);
}

TEST(Json, CommentsOnlyWhereAllowed) {
  const std::string text = "// it's \"[[\n{ /* [ \" */ \"a\": \"//no comment\" }";
  EXPECT_EQ(parse_json(text, "x", JsonComments::kSkip)["a"], "//no comment");
  EXPECT_THROW(parse_json(text, "x"), UserError);
  const std::string hidden = "/*" + std::string(1000, '[') + "*/ 1";
  EXPECT_EQ(parse_json(hidden, "x", JsonComments::kSkip), 1);
  EXPECT_THROW(parse_json("/*", "x", JsonComments::kSkip), UserError);
}

TEST(Json, FilesRoundTrip) {
  const TemporaryFolder folder;
  const Json value = {{"z", 0.1}, {"a", {1, 2}}, {"text", "ü\n"}};
  write_json_file(folder / "a.json", value);
  EXPECT_EQ(read_json_file(folder / "a.json").dump(), value.dump());
  EXPECT_TRUE(content_of(folder / "a.json").ends_with("}\n"));
  write_json_file(folder / "line.json", value, -1);
  EXPECT_EQ(content_of(folder / "line.json"), value.dump() + "\n");
}

TEST(Json, InvalidUtf8IsReplaced) {
  const TemporaryFolder folder;
  write_json_file(folder / "a.json", Json("a\xFF"), -1);
  EXPECT_EQ(content_of(folder / "a.json"), "\"a\xEF\xBF\xBD\"\n");
}

TEST(Json, FileErrorsNameThePath) {
  const TemporaryFolder folder;
  put_content(folder / "bad.json", "{]");
  const std::string path = (folder / "bad.json").string();
  expect_contains(user_error([&] { read_json_file(path); }),
                  "`" + path + "` must be valid JSON, but is not at line 1, column 2");
  expect_contains(user_error([&] { read_json_file(folder / "none.json"); }), "No such file or directory");
}

TEST(Json, ByteOrderMarkIsSkipped) { EXPECT_EQ(parse_json("\xEF\xBB\xBF[1]", "x")[0], 1); }

}  // namespace
}  // namespace retort
