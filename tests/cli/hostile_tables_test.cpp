// Data files that are other than they should be: tables with columns of odd types, the program's own files with right
// checksums and wrong content, text of another encoding. Each is read, made anew or refused in one sentence.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "cli/program.h"
#include "retort/data/corpus/token_file.h"
#include "retort/data/feature_cache.h"

namespace retort::program {
namespace {

void expect_data_refused(const Outcome& outcome, const std::string& told) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_NE(outcome.errors.find(told), std::string::npos) << outcome.errors << "lacks: " << told;
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
}

using NewNames = std::vector<std::pair<std::string, std::string>>;

// tests/fixtures/tables/types.parquet with other names for some of its columns. The footer, which has each name with
// its length in front, is the end of the file: then its own length in four bytes, and a mark of four.
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
  std::string told;  // behind the file's name; of tables that are read: the number of rows that are
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

// The table of kSquadNames with one more column renamed, which takes the name from the one that had it.
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

// Of three rows the second one is null.
TEST(HostileTables, GlueTablesOfOddTypesAreRead) {
  for (const TableCase& table : {TableCase{{{"dictionary", "sentence"}, {"bool", "label"}}, "2"},
                                 {{{"string_view", "sentence"}, {"uint8", "label"}}, "1"},
                                 {{{"large_string", "sentence"}, {"uint64", "label"}}, "1"},
                                 {{{"large_dictionary", "text"}, {"bool", "label"}, {"uint32", "idx"}}, "2"},
                                 {{{"string", "sentence"}, {"bool", "label"}, {"date", "idx"}}, "2"}}) {
    const tiny::TemporaryFolder folder;
    const Outcome outcome = read_glue_table(folder.path(), table, {"--on_bad_record", "skip"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_EQ(outcome.last_line().value("rows", Json()).dump(), table.told) << outcome.output;
  }
}

TEST(HostileTables, GlueTablesOfOtherTypesAreRefusedByColumn) {
  for (const TableCase& table : {
           TableCase{{{"date", "sentence"}, {"bool", "label"}},
                     "`: the column `sentence` must hold text, but holds the type Date; write the column anew"},
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
    expect_data_refused(read_glue_table(folder.path(), table), "train-00000-of-00001.parquet" + table.told);
  }
}

// The third row alone is whole: its question cannot be answered.
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
    EXPECT_NE(outcome.output.find("\"features\":" + table.told), std::string::npos) << outcome.output;
  }
}

TEST(HostileTables, SquadTablesOfOtherTypesAreRefusedByColumn) {
  for (const TableCase& table : {
           TableCase{{{"binary", "id"}}, "the column `id` must hold text, but holds the type BYTE_ARRAY"},
           {{{"timestamp", "context"}}, "the column `context` must hold text, but holds the type Timestamp"},
           {{{"double", "question"}}, "the column `question` must hold text, but holds numbers"},
           {{{"large_string", "answers.text"}},
            "the column `answers.text` must hold lists of text, but holds text; write the column anew"},
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
    expect_data_refused(read_squad_table(folder.path(), table), "train.parquet`: " + table.told);
  }
}

TEST(HostileTables, ASmallTableThatDecodesToMuchIsRefused) {
  const fs::path file = fs::path(RETORT_FIXTURES) / "tables/two_contexts.parquet";
  expect_data_refused(
      run({"data", "features", "squad", "--train_file", file, "--model", tiny::bert_folder(), "--use_cache", "false"}),
      file.string() + "` must decode to at most 64 MB, 100 times its size and 64 MB, but asks for more");
}

#endif

TEST(HostileTables, ATableOfNullsIsRefusedByItsFirstRow) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "train.jsonl",
                        "{\"sentence\": null, \"label\": 0}\n{\"sentence\": null, \"label\": 1}\n");
  expect_data_refused(run({"data", "features", "glue", "--task_name", "sst-2", "--data_dir", folder.path(), "--model",
                           tiny::bert_folder(), "--use_cache", "false"}),
                      "train.jsonl` line 1: `sentence` must be text, but is missing");
}

// Runs under a limit on its address space, in kilobytes; sanitizers need more than any.
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
  expect_data_refused(outcome, "`many.jsonl` must have the column `context`, but has id, k0, k1, ");
  EXPECT_LT(outcome.errors.size(), 1000u);
}

// A sound token file of the small world's text.
fs::path make_token_file(const fs::path& folder) {
  write_file_atomically(folder / "text", "the old mill\nwas built by the river\n");
  const Outcome outcome = run({"data", "binarize", "--file_path", folder / "text", "--model", tiny::bert_folder(),
                               "--output_file", folder / "sound.tok"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  return folder / "sound.tok";
}

// What is there but for one column.
data::ColumnStore without_column(const fs::path& file, const std::string& name) {
  const data::ColumnStore all = data::read_column_file(file, "");
  data::ColumnStore others;
  for (const data::ColumnStore::Column& column : all.columns())
    if (column.name != name) {
      auto bytes = std::make_shared<const std::vector<std::byte>>(column.bytes.begin(), column.bytes.end());
      others.add_column({column.name, column.element_bytes, *bytes}, bytes);
    }
  return others;
}

template <typename T>
std::vector<T> column_of(const fs::path& file, const std::string& name) {
  const data::ColumnStore all = data::read_column_file(file, "");
  const auto values = all.get<T>(name);
  return {values.begin(), values.end()};
}

struct WrongColumn {
  std::string name, told;
  std::function<void(const fs::path& sound, data::ColumnStore& columns)> add;  // the column again, other than it was
};

// The vocabulary with another value of one field.
WrongColumn wrong_vocabulary(const std::string& field, const Json& value, const std::string& told) {
  return {"vocabulary", told, [=](const fs::path& sound, data::ColumnStore& columns) {
            const std::vector<char> text = column_of<char>(sound, "vocabulary");
            Json json = Json::parse(text.begin(), text.end());
            json[field] = value;
            columns.add_text("vocabulary", json.dump());
          }};
}

template <typename T>
WrongColumn wrong_numbers(const std::string& name, const std::string& told,
                          const std::function<void(std::vector<T>&)>& change) {
  return {name, told, [=](const fs::path& sound, data::ColumnStore& columns) {
            std::vector<T> numbers = column_of<T>(sound, name);
            change(numbers);
            columns.add(name, std::move(numbers));
          }};
}

std::vector<WrongColumn> wrong_token_columns() {
  return {
      {"ids", "it has no column `ids`", [](const fs::path&, data::ColumnStore&) {}},
      wrong_vocabulary("vocab_size", 1'000'000'000,
                       "the `vocab_size` of its vocabulary must be 0 to 4194304, but is 1000000000"),
      wrong_numbers<uint16_t>("ids", "its column `ids` must hold numbers from 0 to ",
                              [](std::vector<uint16_t>& ids) { ids[1] = 65535; }),
      wrong_numbers<uint64_t>("begins", "its sequence 0 lies outside of the ids",
                              [](std::vector<uint64_t>& begins) { begins[0] = ~uint64_t{0}; }),
  };
}

TEST(HostileTables, TokenFilesThatWereWrittenWrongAreRefused) {
  const tiny::TemporaryFolder folder;
  const fs::path sound = make_token_file(folder.path()), file = folder / "wrong.tok";
  for (const WrongColumn& wrong : wrong_token_columns()) {
    data::ColumnStore columns = without_column(sound, wrong.name);
    wrong.add(sound, columns);
    data::write_column_file(file, std::string(32, 'a'), columns);
    const Outcome outcome = run({"data", "count", "--data_file", file, "--output_file", folder / "counts.json"});
    expect_data_refused(outcome, fmt::format("`{}` must be a whole token file, but ", file.string()));
    expect_data_refused(outcome, wrong.told);
    expect_data_refused(outcome, "; make it again by `retort data binarize`");
    EXPECT_FALSE(fs::exists(folder / "counts.json")) << wrong.told;
  }
  EXPECT_EQ(run({"data", "count", "--data_file", sound, "--output_file", folder / "counts.json"}).exit_code, 0);
}

// The only feature cache in a folder.
fs::path only_cache(const fs::path& folder) {
  fs::path found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".columns") found = entry.path();
  return found;
}

// `words` make a cache, then find it with each of these columns wrong, say so, and make it anew as it was.
void expect_caches_made_anew(Words words, const fs::path& caches, const std::vector<WrongColumn>& all) {
  words.insert(words.end(), {"--cache_dir", caches});
  const Outcome first = run(words);
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const fs::path cache = only_cache(caches);
  ASSERT_FALSE(cache.empty());
  const fs::path sound = caches.string() + ".sound";
  fs::copy_file(cache, sound);
  const std::string stem = cache.stem().string();
  for (const WrongColumn& wrong : all) {
    data::ColumnStore columns = without_column(sound, wrong.name);
    wrong.add(sound, columns);
    data::write_column_file(cache, stem.substr(stem.rfind('-') + 1), columns);
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << wrong.told << ": " << outcome.errors;
    EXPECT_NE(outcome.errors.find(fmt::format("`{}` cannot be used: {}", cache.string(), wrong.told)),
              std::string::npos)
        << wrong.told << ": " << outcome.errors;
    EXPECT_NE(outcome.errors.find("; building it anew"), std::string::npos) << outcome.errors;
    EXPECT_EQ(read_file(cache), read_file(sound)) << wrong.told;
  }
}

template <typename T>
WrongColumn last_number(const std::string& name, T value, const std::string& told) {
  return wrong_numbers<T>(name, told, [=](std::vector<T>& numbers) { numbers.back() = value; });
}

TEST(HostileTables, SquadCachesThatWereWrittenWrongAreMadeAnew) {
  const tiny::TemporaryFolder folder;
  const std::string must = "its column `";
  expect_caches_made_anew(
      {"data", "features", "squad", "--train_file", tiny::train_file(), "--model", tiny::bert_folder(),
       "--max_seq_length", "64", "--doc_stride", "32", "--max_query_length", "24"},
      folder / "caches",
      {
          last_number<int32_t>("piece_ids", 1 << 30, must + "piece_ids` must hold numbers from 0 to "),
          last_number<int32_t>("piece_words", 1 << 30, must + "piece_words` must hold words of the piece's context"),
          last_number<int64_t>("context_piece_starts", 1, must + "context_piece_starts` must begin at 0 and end at "),
          last_number<int32_t>("example_contexts", 5000, must + "example_contexts` must hold numbers from 0 to 39"),
          last_number<int32_t>("start_positions", 64, must + "start_positions` must hold tokens of its sequence"),
          wrong_numbers<int64_t>("scalars", must + "scalars` must hold 3 elements, but holds 2",
                                 [](std::vector<int64_t>& scalars) { scalars.pop_back(); }),
          {"windows", must + "windows` must have elements of ",
           [](const fs::path&, data::ColumnStore& to) { to.add("windows", std::vector<char>(40)); }},
      });
}

TEST(HostileTables, GlueCachesThatWereWrittenWrongAreMadeAnew) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "train.tsv", "sentence\tlabel\nthe old mill\t1\nthe river\t0\n");
  const std::string must = "its column `";
  expect_caches_made_anew(
      {"data", "features", "glue", "--task_name", "sst-2", "--data_dir", folder.path(), "--model", tiny::bert_folder()},
      folder / "caches",
      {
          last_number<int32_t>("ids", 1 << 30, must + "ids` must hold numbers from 0 to "),
          last_number<int64_t>("row_starts", 1 << 20, must + "row_starts` must begin at 0 and end at "),
          last_number<int32_t>("segment_b_starts", 100, "its row 1 must have 2 to 128 tokens with a second text"),
          last_number<int32_t>("labels", 2, must + "labels` must hold numbers from 0 to 1, but number 1 is 2"),
          last_number<float>("targets", 1.0F / 0.0F, must + "targets` must hold finite numbers"),
          wrong_numbers<int64_t>("row_indexes", must + "row_indexes` must hold 2 elements, but holds 1",
                                 [](std::vector<int64_t>& indexes) { indexes.pop_back(); }),
      });
}

TEST(HostileTables, TextOfAnotherEncodingIsRefusedByLineAndByte) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "latin1.txt", "the old mill\nthe caf\xe9 was built\nby the river\n");
  const Words words{"data",    "binarize",          "--file_path",   folder / "latin1.txt",
                    "--model", tiny::bert_folder(), "--output_file", folder / "out.tok"};
  expect_data_refused(run(words), fmt::format("`{}` line 2 must be UTF-8 text, but is broken at byte 8",
                                              (folder / "latin1.txt").string()));
  EXPECT_FALSE(fs::exists(folder / "out.tok"));
  Words skipping = words;
  skipping.insert(skipping.end(), {"--on_bad_record", "skip"});
  const Outcome outcome = run(skipping);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.last_line().value("skipped", 0), 1) << outcome.output;
  EXPECT_EQ(outcome.last_line().value("sequences", 0), 2) << outcome.output;
  EXPECT_NE(outcome.errors.find("line 2 must be UTF-8 text, but is broken at byte 8"), std::string::npos)
      << outcome.errors;
}

}  // namespace
}  // namespace retort::program
