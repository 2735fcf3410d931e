// Columns of tables: every Parquet type that `tools/make_fixtures.py tables` writes, lines with unusual fields, and
// files that decode to far more than their size.
#include "retort/data/table/table_reader.h"

#include <cmath>
#include <limits>

#include "retort/data/table/json_lines.h"
#include "retort/data/table/parquet_table.h"
#include "unit/data/squad/squad_testing.h"

namespace retort::data {
namespace {

using retort::testing::ScratchFolder;
using retort::testing::user_error_of;
using Kind = TableColumn::Kind;

fs::path table_fixture(const std::string& name) { return fs::path(RETORT_FIXTURES) / "tables" / name; }

[[maybe_unused]] Table read_one(const std::string& file, std::string_view column) {
  return read_parquet(table_fixture(file), {&column, 1});
}

Table read_lines(const std::string& content, const std::vector<std::string_view>& wanted) {
  const ScratchFolder scratch;
  return read_json_lines(scratch.write("rows.jsonl", content), wanted);
}

// Returns the error without the folder's name.
std::string error_of_lines(const std::string& content, const std::vector<std::string_view>& wanted) {
  const std::string message = user_error_of([&] { read_lines(content, wanted); });
  const size_t name = message.find("rows.jsonl");
  return name == std::string::npos ? message : message.substr(name);
}

#ifdef RETORT_PARQUET

TEST(ParquetTable, TextsOfEveryType) {
  for (const char* name : {"string", "large_string", "string_view", "dictionary", "large_dictionary"}) {
    SCOPED_TRACE(name);
    const Table table = read_one("types.parquet", name);
    ASSERT_EQ(table.row_count, 3);
    const TableColumn& column = table.need(name, Kind::kText);
    EXPECT_EQ(column.maybe_text(0), "one");
    EXPECT_EQ(column.maybe_text(1), std::nullopt);
    EXPECT_EQ(column.maybe_text(2), "three");
  }
}

TEST(ParquetTable, IntegersOfEveryWidthAndSign) {
  struct Range {
    const char* name;
    int64_t least, most;
  };
  for (const Range& range : {Range{"int8", -128, 127},
                             {"int16", -32768, 32767},
                             {"int32", -2147483648LL, 2147483647},
                             {"int64", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()},
                             {"uint8", 0, 255},
                             {"uint16", 0, 65535},
                             {"uint32", 0, 4294967295},
                             {"uint64", 0, std::numeric_limits<int64_t>::max()},
                             {"bool", 1, 0},
                             {"integer_dictionary", 7, 9}}) {
    SCOPED_TRACE(range.name);
    const Table table = read_one("types.parquet", range.name);
    const TableColumn& column = table.need(range.name, Kind::kInteger);
    EXPECT_EQ(column.maybe_integer(0), range.least);
    EXPECT_EQ(column.maybe_integer(1), std::nullopt);
    EXPECT_EQ(column.maybe_integer(2), range.most);
  }
  EXPECT_EQ(read_one("types.parquet", "required").need("required", Kind::kInteger).integers,
            (std::vector<int64_t>{1, 2, 3}));
  EXPECT_NE(user_error_of([] { read_one("types.parquet", "too_large"); })
                .find("types.parquet`: row 2: the column `too_large` must be at most 9223372036854775807, but is "
                      "9223372036854775808; rewrite the file"),
            std::string::npos);
}

TEST(ParquetTable, RealsOfBothWidths) {
  for (const char* name : {"float", "double"}) {
    const Table table = read_one("types.parquet", name);
    const TableColumn& column = table.need(name, Kind::kReal);
    EXPECT_EQ(column.reals[0], 0.5);
    EXPECT_TRUE(std::isnan(column.reals[1]) && column.is_null[1]);
    EXPECT_EQ(column.reals[2], -2);
  }
}

TEST(ParquetTable, ANullColumnFitsEveryKindAndHasNoValue) {
  const Table table = read_one("types.parquet", "null");
  EXPECT_EQ(table.need("null", Kind::kText).maybe_text(2), std::nullopt);
  EXPECT_EQ(table.need("null", Kind::kInteger).maybe_integer(0), std::nullopt);
  const Table lists = read_one("types.parquet", "null_lists");
  EXPECT_EQ(lists.need("null_lists", Kind::kText, true).list_starts, (std::vector<int64_t>{0, 0, 0, 0}));
}

TEST(ParquetTable, OtherTypesAreRefusedByName) {
  struct Other {
    const char *column, *type;
  };
  for (const Other& other : {Other{"timestamp", "Timestamp"},
                             {"date", "Date"},
                             {"time", "Time"},
                             {"decimal", "Decimal"},
                             {"binary", "BYTE_ARRAY"},
                             {"fixed_binary", "FIXED_LEN_BYTE_ARRAY"},
                             {"half", "Float16"},
                             {"lists_of_lists", "list of lists"}}) {
    const Table table = read_one("types.parquet", other.column);
    const std::string message = user_error_of([&] { table.need(other.column, Kind::kInteger); });
    EXPECT_NE(message.find(fmt::format("types.parquet`: the column `{}` must hold integers, but holds the type {}; "
                                       "rewrite the column",
                                       other.column, other.type)),
              std::string::npos)
        << message;
  }
}

TEST(ParquetTable, ListsAndGroupsInEveryForm) {
  for (const char* file : {"types.parquet", "older_types.parquet", "newer_pages.parquet"}) {
    SCOPED_TRACE(file);
    const Table texts = read_one(file, "texts");
    const TableColumn& column = texts.need("texts", Kind::kText, true);
    EXPECT_EQ(column.texts, (std::vector<std::string_view>{"a", "b"}));
    EXPECT_EQ(column.list_starts, (std::vector<int64_t>{0, 2, 2, 2}));
    EXPECT_EQ(column.is_null, (std::vector<uint8_t>{0, 1, 0}));
    EXPECT_EQ(read_one(file, "numbers").need("numbers", Kind::kInteger, true).integers, (std::vector<int64_t>{1, 2}));
    const Table starts = read_one(file, "list_of_structs.start");
    EXPECT_EQ(starts.need("list_of_structs.start", Kind::kInteger, true).integers, (std::vector<int64_t>{1, 2}));
    EXPECT_EQ(read_one(file, "uint32").need("uint32", Kind::kInteger).maybe_integer(2), 4294967295);
  }
  EXPECT_EQ(read_one("types.parquet", "large_texts").find("large_texts")->texts.size(), 2u);
  EXPECT_EQ(read_one("types.parquet", "fixed_numbers").find("fixed_numbers")->list_starts,
            (std::vector<int64_t>{0, 2, 4, 6}));
  const Table structs = read_one("types.parquet", "structs.inner.text");
  EXPECT_EQ(structs.find("structs.inner.text")->maybe_text(0), "deep");
  EXPECT_EQ(structs.find("structs.inner.text")->maybe_text(2), std::nullopt);
  EXPECT_EQ(
      user_error_of([] { read_one("types.parquet", "nulls_inside"); }),
      fmt::format("`{}`: row 0: the column `nulls_inside` must hold lists without nulls in them; rewrite the file",
                  table_fixture("types.parquet").string()));
}

TEST(ParquetTable, TextMustBeUtf8) {
  EXPECT_EQ(
      user_error_of([] { read_one("types.parquet", "not_utf8"); }),
      fmt::format("`{}`: row 0: the column `not_utf8` must be UTF-8 text, but is broken at byte 4; rewrite the file",
                  table_fixture("types.parquet").string()));
}

TEST(ParquetTable, AMissingColumnIsToldWithTheColumnsThereAre) {
  const Table table = read_one("older_types.parquet", "sentence");
  const std::string message = user_error_of([&] { table.need("sentence", Kind::kText); });
  EXPECT_NE(message.find("must have the column `sentence`, but has string, uint8, uint32, texts, numbers, "
                         "list_of_structs.text, list_of_structs.start; rename or add the column"),
            std::string::npos)
      << message;
}

// One megabyte of text repeated in a thousand rows takes a megabyte; two alternating texts would take a gigabyte.
TEST(ParquetTable, MemoryFollowsTheSizeOfTheFile) {
  const Table table = read_one("one_context.parquet", "context");
  const TableColumn& column = table.need("context", Kind::kText);
  ASSERT_EQ(column.texts.size(), 1000u);
  EXPECT_EQ(column.texts.front().size(), 1u << 20);
  EXPECT_EQ(column.texts.front().data(), column.texts.back().data());
  const auto refusal = [](const std::string& file, const char* name) {
    return user_error_of([&] { read_one(file, name); });
  };
  for (const std::string& message :
       {refusal("two_contexts.parquet", "context"), refusal("many_nulls.parquet", "sentence")})
    EXPECT_NE(message.find(".parquet` must decode to at most"), std::string::npos) << message;
  EXPECT_EQ(read_one("two_contexts.parquet", "id").find("id")->texts.size(), 1000u) << "other columns are not decoded";
}

std::vector<std::string_view> all_names(const std::string& content, std::vector<std::string>& kept) {
  const ScratchFolder scratch;
  kept = read_parquet(scratch.write("a.parquet", content), {}).names;
  return {kept.begin(), kept.end()};
}

// Changes every byte of the footer and of the first pages: the file is read or refused, without a crash.
TEST(ParquetTable, DamageIsReadOrRefused) {
  const ScratchFolder scratch;
  for (const char* file : {"older_types.parquet", "newer_pages.parquet"}) {
    const std::string whole = read_file(table_fixture(file));
    std::vector<std::string> kept;
    const std::vector<std::string_view> names = all_names(whole, kept);
    int64_t refused = 0;
    for (size_t at = 4; at + 4 < whole.size(); ++at)
      for (const unsigned char change : {0x01, 0x80, 0xFF}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ change);
        const fs::path path = scratch.write("damaged.parquet", damaged);
        const std::string message = user_error_of([&] { read_parquet(path, names); });
        refused += !message.empty();
        EXPECT_TRUE(message.empty() || message.starts_with("`" + path.string() + "`")) << message;
      }
    EXPECT_GT(refused, 1000) << file;
  }
  const std::string whole = read_file(table_fixture("types.parquet"));
  for (const size_t size : {size_t{0}, size_t{4}, size_t{11}, whole.size() / 2, whole.size() - 1})
    EXPECT_NE(user_error_of([&] {
                read_parquet(scratch.write("cut.parquet", whole.substr(0, size)), {});
              }).find("must be a readable Parquet file, but"),
              std::string::npos)
        << size;
}

#endif

TEST(JsonLines, AColumnOfNullsHasNoValues) {
  const Table table =
      read_lines("{\"sentence\":null,\"label\":0}\n{\"sentence\":null,\"label\":1}\n", {"sentence", "label"});
  EXPECT_EQ(table.need("sentence", Kind::kText).maybe_text(1), std::nullopt);
  EXPECT_EQ(table.need("label", Kind::kInteger).maybe_integer(1), 1);
}

TEST(JsonLines, OtherMembersCostNothing) {
  std::string lines;
  for (int i = 0; i < 20000; ++i) lines += fmt::format("{{\"id\":\"{}\",\"key{}\":{{\"deep\":[1,{{}}]}}}}\n", i, i);
  const Table table = read_lines(lines, {"id"});
  ASSERT_EQ(table.columns.size(), 1u);
  EXPECT_EQ(table.columns[0].texts.size(), 20000u);
  EXPECT_EQ(table.names.size(), 33u);
  EXPECT_EQ(table.names.back(), "...");
  EXPECT_NE(user_error_of([&] {
              table.need("question", Kind::kText);
            }).find("must have the column `question`, but has id, key0, key1"),
            std::string::npos);
}

TEST(JsonLines, GroupsAreFollowedToTheColumnsAskedFor) {
  const Table table = read_lines(
      "{\"answers\":{\"text\":[\"a\"],\"start\":[1],\"other\":[{}]}}\n{\"answers\":null}\n{\"answers\":[]}\n{}\n",
      {"answers.text", "answers.start"});
  EXPECT_EQ(table.need("answers.text", Kind::kText, true).list_starts, (std::vector<int64_t>{0, 1, 1, 1, 1}));
  EXPECT_EQ(table.need("answers.start", Kind::kInteger, true).integers, (std::vector<int64_t>{1}));
  EXPECT_EQ(error_of_lines("{\"a\":{\"b\":[1]}}\n{\"a\":[{\"b\":1}]}\n", {"a.b"}),
            "rows.jsonl`: line 2: `a` must be an object with lists in it; fix the line");
  EXPECT_EQ(error_of_lines("{\"a\":{\"b\":1}}\n", {"a"}),
            "rows.jsonl`: line 1: `a` must hold texts or numbers, but holds an object, a list or a null; fix the line");
  EXPECT_EQ(error_of_lines("{\"a\":1,\"a\":2}\n", {"a"}),
            "rows.jsonl`: line 1: `a` must be unique in a record, but is repeated; fix the line");
}

TEST(JsonLines, BytesThatAreNotUtf8NameTheLine) {
  EXPECT_NE(error_of_lines("{\"a\":\"x\"}\n{\"a\":\"caf\xE9\"}\n", {"a"}).find("line 2 must be one JSON object, but"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::data
