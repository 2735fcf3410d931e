// Columns of every type in tables (tests/fixtures/tables, made by `tools/make_fixtures.py tables`): the values that
// pyarrow reads, or one sentence that says why there are none; and small files that decode to large ones.
#include <array>
#include <cmath>

#include "retort/base/json.h"
#include "retort/data/table/table_reader.h"
#include "unit/data/squad/squad_testing.h"

namespace retort::data {
namespace {

using TypeKind = TableColumn::Kind;

fs::path table_file(const std::string& name) { return fs::path(RETORT_FIXTURES) / "tables" / name; }

Table read_one_column(const fs::path& path, std::string_view name) { return read_table(path, std::array{name}); }

Json value_of(const TableColumn& column, int64_t index) {
  const auto at = static_cast<size_t>(index);
  if (column.kind == TypeKind::kText) return column.texts[at];
  if (column.kind == TypeKind::kInteger) return column.integers[at];
  return column.reals[at];
}

// One value per row, as from pyarrow's to_pylist.
Json values_of(const TableColumn& column) {
  Json rows = Json::array();
  for (size_t row = 0; row < column.is_null.size(); ++row) {
    Json items = Json::array();
    if (column.is_list && column.is_null[row] == 0)
      for (int64_t i = column.list_starts[row]; i < column.list_starts[row + 1]; ++i)
        items.push_back(value_of(column, i));
    if (column.is_null[row] != 0) {
      rows.push_back(nullptr);
    } else {
      rows.push_back(column.is_list ? items : value_of(column, static_cast<int64_t>(row)));
    }
  }
  return rows;
}

struct ReadColumn {
  const char* name;
  TypeKind kind;
  const char* values;
  bool is_list = false;
};

void expect_values(const fs::path& path, const ReadColumn& expected) {
  SCOPED_TRACE(path.filename().string() + " " + expected.name);
  const Table table = read_one_column(path, expected.name);
  ASSERT_EQ(table.columns.size(), 1u) << "only requested columns are kept";
  EXPECT_EQ(table.row_count, 3);
  const TableColumn& column = table.need(expected.name, expected.kind, expected.is_list);
  EXPECT_EQ(column.kind, expected.kind);
  EXPECT_EQ(values_of(column), Json::parse(expected.values));
}

std::string refusal_of(const fs::path& path, std::string_view name, TypeKind wanted, bool is_list = false) {
  return retort::testing::user_error_of([&] { read_one_column(path, name).need(name, wanted, is_list); });
}

#ifdef RETORT_PARQUET

TEST(TableTypes, TextsOfEveryTypeAreRead) {
  for (const char* name : {"string", "large_string", "string_view", "dictionary", "large_dictionary"})
    expect_values(table_file("types.parquet"), {name, TypeKind::kText, R"(["one", null, "three"])"});
}

TEST(TableTypes, NumbersOfEveryTypeAreRead) {
  for (const ReadColumn& expected : {
           ReadColumn{"integer_dictionary", TypeKind::kInteger, "[7, null, 9]"},
           ReadColumn{"int8", TypeKind::kInteger, "[-128, null, 127]"},
           ReadColumn{"int16", TypeKind::kInteger, "[-32768, null, 32767]"},
           ReadColumn{"int32", TypeKind::kInteger, "[-2147483648, null, 2147483647]"},
           ReadColumn{"int64", TypeKind::kInteger, "[-9223372036854775808, null, 9223372036854775807]"},
           ReadColumn{"uint8", TypeKind::kInteger, "[0, null, 255]"},
           ReadColumn{"uint16", TypeKind::kInteger, "[0, null, 65535]"},
           ReadColumn{"uint32", TypeKind::kInteger, "[0, null, 4294967295]"},
           ReadColumn{"uint64", TypeKind::kInteger, "[0, null, 9223372036854775807]"},
           ReadColumn{"bool", TypeKind::kInteger, "[1, null, 0]"},
           ReadColumn{"required", TypeKind::kInteger, "[1, 2, 3]"},
           ReadColumn{"float", TypeKind::kReal, "[0.5, null, -2.0]"},
           ReadColumn{"double", TypeKind::kReal, "[0.5, null, -2.0]"},
       })
    expect_values(table_file("types.parquet"), expected);
}

TEST(TableTypes, ListsAndMembersOfGroupsAreRead) {
  for (const ReadColumn& expected : {
           ReadColumn{"texts", TypeKind::kText, R"([["a", "b"], null, []])", true},
           ReadColumn{"large_texts", TypeKind::kText, R"([["a", "b"], null, []])", true},
           ReadColumn{"numbers", TypeKind::kInteger, "[[1, 2], null, []]", true},
           ReadColumn{"fixed_numbers", TypeKind::kInteger, "[[1, 2], [3, 4], [5, 6]]", true},
           ReadColumn{"structs.inner.text", TypeKind::kText, R"(["deep", null, null])"},
           ReadColumn{"list_of_structs.text", TypeKind::kText, R"([["a", "b"], null, []])", true},
           ReadColumn{"list_of_structs.start", TypeKind::kInteger, "[[1, 2], null, []]", true},
           ReadColumn{"map.key_value.key", TypeKind::kText, R"([["k"], null, []])", true},
           ReadColumn{"map.key_value.value", TypeKind::kInteger, "[[1], null, []]", true},
       })
    expect_values(table_file("types.parquet"), expected);
}

// Lists with named elements, unsigned integers, pages of version 2.
TEST(TableTypes, OlderAndNewerFilesAreRead) {
  for (const char* file : {"older_types.parquet", "newer_pages.parquet"})
    for (const ReadColumn& expected : {
             ReadColumn{"string", TypeKind::kText, R"(["one", null, "three"])"},
             ReadColumn{"uint8", TypeKind::kInteger, "[0, null, 255]"},
             ReadColumn{"uint32", TypeKind::kInteger, "[0, null, 4294967295]"},
             ReadColumn{"texts", TypeKind::kText, R"([["a", "b"], null, []])", true},
             ReadColumn{"numbers", TypeKind::kInteger, "[[1, 2], null, []]", true},
             ReadColumn{"list_of_structs.text", TypeKind::kText, R"([["a", "b"], null, []])", true},
             ReadColumn{"list_of_structs.start", TypeKind::kInteger, "[[1, 2], null, []]", true},
         })
      expect_values(table_file(file), expected);
}

TEST(TableTypes, AColumnOfTheNullTypeFitsEveryKind) {
  const fs::path path = table_file("types.parquet");
  expect_values(path, {"null", TypeKind::kUnknown, "[null, null, null]"});
  for (const TypeKind kind : {TypeKind::kText, TypeKind::kInteger, TypeKind::kReal}) {
    const Table table = read_one_column(path, "null");
    EXPECT_FALSE(table.need("null", kind).maybe_text(1)) << "nulls are checked before values";
    const Table lists = read_one_column(path, "null_lists");
    EXPECT_EQ(lists.need("null_lists", kind, /*is_list=*/true).list_starts, (std::vector<int64_t>{0, 0, 0, 0}));
  }
}

TEST(TableTypes, WhatHasNoMeaningHereIsRefusedByColumnAndType) {
  const fs::path path = table_file("types.parquet");
  for (const auto& [name, type] : {std::pair("timestamp", "Timestamp"),
                                   {"date", "Date"},
                                   {"time", "Time"},
                                   {"decimal", "Decimal"},
                                   {"binary", "BYTE_ARRAY"},
                                   {"fixed_binary", "FIXED_LEN_BYTE_ARRAY"},
                                   {"half", "Float16"}})
    EXPECT_EQ(refusal_of(path, name, TypeKind::kText),
              fmt::format("`{}`: the column `{}` must hold text, but holds the type {}; rewrite the column",
                          path.string(), name, type));
  EXPECT_EQ(refusal_of(path, "lists_of_lists", TypeKind::kInteger, true),
            fmt::format("`{}`: the column `lists_of_lists` must hold lists of integers, but holds the type list of "
                        "lists; rewrite the column",
                        path.string()));
}

TEST(TableTypes, AColumnOfAnotherKindIsRefused) {
  const fs::path path = table_file("types.parquet");
  for (const auto& [name, wanted, told] : {std::tuple("uint8", TypeKind::kText, "must hold text, but holds integers"),
                                           {"string_view", TypeKind::kInteger, "must hold integers, but holds text"},
                                           {"dictionary", TypeKind::kReal, "must hold numbers, but holds text"},
                                           {"double", TypeKind::kInteger, "must hold integers, but holds numbers"},
                                           {"texts", TypeKind::kText, "must hold text, but holds lists of text"}})
    EXPECT_EQ(refusal_of(path, name, wanted),
              fmt::format("`{}`: the column `{}` {}; rewrite the column", path.string(), name, told));
  EXPECT_EQ(refusal_of(path, "string", TypeKind::kText, true),
            fmt::format("`{}`: the column `string` must hold lists of text, but holds text; rewrite the column",
                        path.string()));
}

TEST(TableTypes, ValuesThatDoNotFitAreRefusedByTheirRow) {
  const fs::path path = table_file("types.parquet");
  for (const auto& [name, told] :
       {std::pair("too_large",
                  "row 2: the column `too_large` must be at most 9223372036854775807, but is "
                  "9223372036854775808"),
        {"not_utf8", "row 0: the column `not_utf8` must be UTF-8 text, but is broken at byte 4"},
        {"nulls_inside", "row 0: the column `nulls_inside` must hold lists without nulls in them"}})
    EXPECT_EQ(refusal_of(path, name, TypeKind::kText), fmt::format("`{}`: {}; rewrite the file", path.string(), told));
}

TEST(TableTypes, AMissingColumnIsNamedWithThoseThatAreThere) {
  const std::string message = refusal_of(table_file("older_types.parquet"), "sentence", TypeKind::kText);
  EXPECT_EQ(message, fmt::format("`{}` must have the column `sentence`, but has string, uint8, uint32, texts, numbers, "
                                 "list_of_structs.text, list_of_structs.start; rename or add the column",
                                 table_file("older_types.parquet").string()));
}

// A megabyte that occurs in a thousand rows is stored once.
TEST(TableTypes, ATextThatFollowsItselfIsKeptOnce) {
  const Table table = read_one_column(table_file("one_context.parquet"), "context");
  ASSERT_EQ(table.row_count, 1000);
  const TableColumn& column = table.need("context", TypeKind::kText);
  EXPECT_EQ(column.texts.front(), std::string(1 << 20, 'a'));
  for (const std::string_view text : column.texts) ASSERT_EQ(text.data(), column.texts.front().data());
}

TEST(TableTypes, ASmallFileThatDecodesToMuchIsRefused) {
  const auto told = [](const fs::path& path) {
    const auto most = (64 << 20) + 100 * static_cast<int64_t>(fs::file_size(path));
    return fmt::format("`{}` must decode to at most {} MB, 100 times its size and 64 MB, but needs more", path.string(),
                       most >> 20);
  };
  for (const auto& [file, column] : {std::pair("two_contexts.parquet", "context"),
                                     {"most_nulls.parquet", "sentence"},
                                     {"most_nulls.parquet", "label"}}) {
    const std::string message = refusal_of(table_file(file), column, TypeKind::kText);
    EXPECT_TRUE(message.starts_with(told(table_file(file)))) << message;
  }
  EXPECT_EQ(read_one_column(table_file("two_contexts.parquet"), "id").columns[0].texts.back(), "999")
      << "columns that are not requested take no memory";
}

#endif

TEST(TableTypes, JsonLinesWithAColumnOfNullsFitEveryKind) {
  const retort::testing::ScratchFolder scratch;
  const fs::path path = scratch.write("rows.jsonl", R"({"a": null, "b": 1})"
                                                    "\n"
                                                    R"({"b": 2, "a": null})"
                                                    "\n{}\n");
  for (const TypeKind kind : {TypeKind::kText, TypeKind::kInteger, TypeKind::kReal}) {
    const Table table = read_one_column(path, "a");
    const TableColumn& column = table.need("a", kind);
    EXPECT_EQ(column.kind, TypeKind::kUnknown);
    EXPECT_EQ(values_of(column), Json::parse("[null, null, null]"));
    EXPECT_FALSE(column.maybe_text(2) || column.maybe_integer(2));
  }
  expect_values(path, {"b", TypeKind::kInteger, "[1, 2, null]"});
}

TEST(TableTypes, JsonLinesGetTheirKindFromTheFirstValue) {
  const retort::testing::ScratchFolder scratch;
  const fs::path path = scratch.write("rows.jsonl",
                                      "{\"text\": null, \"real\": 1, \"list\": [], \"in\": {\"list\": []}}\n"
                                      "{\"text\": \"x\", \"real\": 0.5, \"list\": [true, 7], \"in\": null}\n"
                                      "{\"in\": {\"list\": [\"y\"]}}\n");
  for (const ReadColumn& expected : {
           ReadColumn{"text", TypeKind::kText, R"([null, "x", null])"},
           ReadColumn{"real", TypeKind::kReal, "[1.0, 0.5, null]"},
           ReadColumn{"list", TypeKind::kInteger, "[[], [1, 7], null]", true},
           ReadColumn{"in.list", TypeKind::kText, R"([[], null, ["y"]])", true},
       })
    expect_values(path, expected);
}

TEST(TableTypes, JsonLinesOfManyMembersKeepThoseThatAreAskedFor) {
  const retort::testing::ScratchFolder scratch;
  std::string text = "{\"id\": \"a\"}\n";
  for (int i = 0; i < 20'000; ++i) text += fmt::format("{{\"k{}\": 1}}\n", i);
  const Table table = read_one_column(scratch.write("rows.jsonl", text), "id");
  EXPECT_EQ(table.row_count, 20'001);
  ASSERT_EQ(table.columns.size(), 1u);
  EXPECT_EQ(table.columns[0].texts.size(), 20'001u);
  EXPECT_LT(table.names.size(), 40u) << "a message lists only the first";
  EXPECT_EQ(table.names.back(), "...");
}

}  // namespace
}  // namespace retort::data
