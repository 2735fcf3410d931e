// Tables with columns of every type, of nulls and of many names: each is read, or refused in one sentence that names
// the column.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "cli/program.h"

namespace retort::program {
namespace {

void expect_table_refused(const Outcome& outcome, const std::string& message) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_NE(outcome.errors.find(message), std::string::npos) << outcome.errors << "lacks: " << message;
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
}

using NewNames = std::vector<std::pair<std::string, std::string>>;

// tests/fixtures/tables/types.parquet with other names for some of its columns. The file ends with the footer, which
// holds the length of each name before the name, then the footer's length in four bytes, then a magic of four.
std::string table_with_names(const NewNames& names) {
  std::string bytes = read_file(fs::path(RETORT_FIXTURES) / "tables/types.parquet");
  uint32_t footer_bytes = 0;
  std::memcpy(&footer_bytes, bytes.data() + bytes.size() - 8, sizeof(footer_bytes));
  std::string footer = bytes.substr(bytes.size() - 8 - footer_bytes, footer_bytes);
  for (const auto& [before, after] : names) {
    const std::string old_name = static_cast<char>(before.size()) + before;
    const std::string new_name = static_cast<char>(after.size()) + after;
    for (size_t at = 0; (at = footer.find(old_name, at)) != std::string::npos; at += new_name.size())
      footer.replace(at, old_name.size(), new_name);
  }
  bytes.resize(bytes.size() - 8 - footer_bytes);
  footer_bytes = static_cast<uint32_t>(footer.size());
  return bytes + footer + std::string(reinterpret_cast<const char*>(&footer_bytes), 4) + "PAR1";
}

struct TableCase {
  NewNames names;
  std::string message;  // what follows the file's name in the message; for tables that are read, the number of rows
};

Outcome read_glue_table(const fs::path& folder, const TableCase& table, const Words& more = {}) {
  write_file_atomically(folder / "train-00000-of-00001.parquet", table_with_names(table.names));
  Words words{"data",    "features",          "glue",        "--task_name", "sst-2", "--data_dir", folder,
              "--model", tiny::bert_folder(), "--use_cache", "false"};
  words.insert(words.end(), more.begin(), more.end());
  return run(words);
}

const NewNames kSquadNames{{"string", "context"},     {"dictionary", "question"},          {"string_view", "id"},
                           {"texts", "answers.text"}, {"numbers", "answers.answer_start"}, {"uint8", "is_impossible"}};

// Reads the table of kSquadNames after more renames; a column that had one of the new names loses it.
Outcome read_squad_table(const fs::path& folder, const TableCase& table, const Words& more = {}) {
  NewNames names = kSquadNames;
  for (const auto& renamed : table.names)
    std::erase_if(names, [&](const auto& name) { return name.second == renamed.second; });
  names.insert(names.end(), table.names.begin(), table.names.end());
  write_file_atomically(folder / "train.parquet", table_with_names(names));
  Words words{"data",    "features",          "squad",       "--train_file", folder / "train.parquet",
              "--model", tiny::bert_folder(), "--use_cache", "false",        "--version_2_with_negative"};
  words.insert(words.end(), more.begin(), more.end());
  return run(words);
}

#ifdef RETORT_PARQUET

// The second of three rows is null.
TEST(HostileTables, GlueTablesOfOddTypesAreRead) {
  for (const TableCase& table : {TableCase{{{"dictionary", "sentence"}, {"bool", "label"}}, "2"},
                                 {{{"string_view", "sentence"}, {"uint8", "label"}}, "1"},
                                 {{{"large_string", "sentence"}, {"uint64", "label"}}, "1"},
                                 {{{"large_dictionary", "text"}, {"bool", "label"}, {"uint32", "idx"}}, "2"},
                                 {{{"string", "sentence"}, {"bool", "label"}, {"date", "idx"}}, "2"}}) {
    const tiny::TemporaryFolder folder;
    const Outcome outcome = read_glue_table(folder.path(), table, {"--on_bad_record", "skip"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_EQ(outcome.last_line().value("rows", Json()).dump(), table.message) << outcome.output;
  }
}

TEST(HostileTables, GlueTablesOfOtherTypesAreRefusedByColumn) {
  for (const TableCase& table : {
           TableCase{{{"date", "sentence"}, {"bool", "label"}},
                     "`: the column `sentence` must hold text, but holds the type Date; rewrite the column"},
           {{{"uint8", "sentence"}, {"bool", "label"}}, "`: the column `sentence` must hold text, but holds integers"},
           {{{"texts", "sentence"}, {"bool", "label"}},
            "`: the column `sentence` must hold text, but holds lists of text"},
           {{{"string", "sentence"}, {"timestamp", "label"}},
            "`: the column `label` must hold labels, but holds the type Timestamp"},
           {{{"string", "sentence"}, {"decimal", "label"}},
            "`: the column `label` must hold labels, but holds the type Decimal"},
           {{{"string", "sentence"}, {"fixed_numbers", "label"}},
            "`: the column `label` must hold labels, but holds lists of integers"},
           {{{"string", "sentence"}, {"too_large", "label"}},
            "`: row 2: the column `label` must be at most 9223372036854775807, but is 9223372036854775808"},
           {{{"not_utf8", "sentence"}, {"bool", "label"}},
            "`: row 0: the column `sentence` must be UTF-8 text, but is broken at byte 4"},
           {{{"null", "sentence"}, {"bool", "label"}}, "` row 0: `sentence` must be text, but is missing"},
           {{{"string", "sentence"}, {"null", "label"}}, "` row 0: `label` must be one of 0, 1, but is missing"},
           {{{"string", "sentence"}, {"double", "label"}}, "` row 0: `label` must be a class of 0..1, but is 0.5"},
       }) {
    const tiny::TemporaryFolder folder;
    expect_table_refused(read_glue_table(folder.path(), table), "train-00000-of-00001.parquet" + table.message);
  }
}

// Only the third row is valid: its question is impossible.
TEST(HostileTables, SquadTablesOfOddTypesAreRead) {
  for (const TableCase& table : {TableCase{{}, "1"},
                                 {{{"uint64", "id"}}, "1"},
                                 {{{"large_dictionary", "question"}}, "1"},
                                 {{{"large_texts", "answers.text"}}, "1"},
                                 {{{"null_lists", "answers.text"}}, "1"},
                                 {{{"uint16", "is_impossible"}}, "1"}}) {
    const tiny::TemporaryFolder folder;
    const Outcome outcome = read_squad_table(folder.path(), table, {"--on_bad_record", "skip"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_NE(outcome.output.find("\"features\":" + table.message), std::string::npos) << outcome.output;
  }
}

TEST(HostileTables, SquadTablesOfOtherTypesAreRefusedByColumn) {
  for (const TableCase& table : {
           TableCase{{{"binary", "id"}}, "the column `id` must hold text, but holds the type BYTE_ARRAY"},
           {{{"timestamp", "context"}}, "the column `context` must hold text, but holds the type Timestamp"},
           {{{"double", "question"}}, "the column `question` must hold text, but holds numbers"},
           {{{"large_string", "answers.text"}},
            "the column `answers.text` must hold lists of text, but holds text; rewrite the column"},
           {{{"fixed_numbers", "answers.text"}},
            "the column `answers.text` must hold lists of text, but holds lists of integers"},
           {{{"int32", "answers.answer_start"}},
            "the column `answers.answer_start` must hold lists of integers, but holds integers"},
           {{{"lists_of_lists", "answers.answer_start"}},
            "the column `answers.answer_start` must hold lists of integers, but holds the type list of lists"},
           {{{"nulls_inside", "answers.text"}},
            "row 0: the column `answers.text` must hold lists without nulls in them"},
           {{{"half", "is_impossible"}}, "the column `is_impossible` must hold integers, but holds the type Float16"},
       }) {
    const tiny::TemporaryFolder folder;
    expect_table_refused(read_squad_table(folder.path(), table), "train.parquet`: " + table.message);
  }
}

TEST(HostileTables, ASmallTableThatDecodesToMuchIsRefused) {
  const fs::path file = fs::path(RETORT_FIXTURES) / "tables/two_contexts.parquet";
  expect_table_refused(
      run({"data", "features", "squad", "--train_file", file, "--model", tiny::bert_folder(), "--use_cache", "false"}),
      file.string() + "` must decode to at most 64 MB, 100 times its size and 64 MB, but needs more");
}

#endif

TEST(HostileTables, ATableOfNullsIsRefusedByItsFirstRow) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "train.jsonl",
                        "{\"sentence\": null, \"label\": 0}\n{\"sentence\": null, \"label\": 1}\n");
  expect_table_refused(run({"data", "features", "glue", "--task_name", "sst-2", "--data_dir", folder.path(), "--model",
                            tiny::bert_folder(), "--use_cache", "false"}),
                       "train.jsonl` line 1: `sentence` must be text, but is missing");
}

// Runs the program under a limit on its address space, in kilobytes.
Outcome run_in_memory(int64_t most_kilobytes, const fs::path& folder, const std::string& words) {
  const std::string command = fmt::format("cd '{}' && ulimit -v {} && exec '{}' {} > out 2> errors", folder.string(),
                                          most_kilobytes, RETORT_PROGRAM, words);
  const int status = std::system(command.c_str());
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .output = read_file(folder / "out"),
          .errors = read_file(folder / "errors")};
}

TEST(HostileTables, ATableOfManyNamesTakesMemoryInProportion) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer maps more than any limit";
#endif
  const tiny::TemporaryFolder folder;
  std::string text = "{\"id\":\"a\"}\n";
  for (int i = 0; i < 20'000; ++i) text += fmt::format("{{\"k{}\":1}}\n", i);
  write_file_atomically(folder / "many.jsonl", text);
  const Outcome outcome =
      run_in_memory(3'000'000, folder.path(),
                    fmt::format("data features squad --train_file many.jsonl --use_cache false --model '{}'",
                                tiny::bert_folder().string()));
  expect_table_refused(outcome, "`many.jsonl` must have the column `context`, but has id, k0, k1, ");
  EXPECT_LT(outcome.errors.size(), 1000u);
}

}  // namespace
}  // namespace retort::program
