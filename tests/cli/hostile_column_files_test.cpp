// Token files and feature caches with right checksums and wrong content: a token file is refused in one sentence, a
// cache is built again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "cli/program.h"
#include "retort/data/corpus/token_file.h"
#include "retort/data/feature_cache.h"

namespace retort::program {
namespace {

void expect_file_refused(const Outcome& outcome, const std::string& message) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_NE(outcome.errors.find(message), std::string::npos) << outcome.errors << "lacks: " << message;
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
}

// Writes a valid token file.
fs::path make_token_file(const fs::path& folder) {
  write_file_atomically(folder / "text", "the old mill\nwas built by the river\n");
  const Outcome outcome = run({"data", "binarize", "--file_path", folder / "text", "--model", tiny::bert_folder(),
                               "--output_file", folder / "valid.tok"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  return folder / "valid.tok";
}

// The columns of a file, without one of them.
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
  std::string name, message;
  std::function<void(const fs::path& valid, data::ColumnStore& columns)> add;  // adds the column with another content
};

// The vocabulary column with another value of one field.
WrongColumn wrong_vocabulary(const std::string& field, const Json& value, const std::string& message) {
  return {"vocabulary", message, [=](const fs::path& valid, data::ColumnStore& columns) {
            const std::vector<char> text = column_of<char>(valid, "vocabulary");
            Json json = Json::parse(text.begin(), text.end());
            json[field] = value;
            columns.add_text("vocabulary", json.dump());
          }};
}

template <typename T>
WrongColumn wrong_numbers(const std::string& name, const std::string& message,
                          const std::function<void(std::vector<T>&)>& change) {
  return {name, message, [=](const fs::path& valid, data::ColumnStore& columns) {
            std::vector<T> numbers = column_of<T>(valid, name);
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

TEST(HostileColumnFiles, TokenFilesWithWrongContentAreRefused) {
  const tiny::TemporaryFolder folder;
  const fs::path valid = make_token_file(folder.path()), file = folder / "wrong.tok";
  for (const WrongColumn& wrong : wrong_token_columns()) {
    data::ColumnStore columns = without_column(valid, wrong.name);
    wrong.add(valid, columns);
    data::write_column_file(file, std::string(32, 'a'), columns);
    const Outcome outcome = run({"data", "count", "--data_file", file, "--output_file", folder / "counts.json"});
    expect_file_refused(outcome, fmt::format("`{}` must be a complete token file, but ", file.string()));
    expect_file_refused(outcome, wrong.message);
    expect_file_refused(outcome, "; make it again with `retort data binarize`");
    EXPECT_FALSE(fs::exists(folder / "counts.json")) << wrong.message;
  }
  EXPECT_EQ(run({"data", "count", "--data_file", valid, "--output_file", folder / "counts.json"}).exit_code, 0);
}

// The only feature cache in a folder.
fs::path only_cache(const fs::path& folder) {
  fs::path found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".columns") found = entry.path();
  return found;
}

// `words` builds a cache. With each of these columns wrong, the same command warns and builds the same cache again.
void expect_caches_built_again(Words words, const fs::path& caches, const std::vector<WrongColumn>& all) {
  words.insert(words.end(), {"--cache_dir", caches});
  const Outcome first = run(words);
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const fs::path cache = only_cache(caches);
  ASSERT_FALSE(cache.empty());
  const fs::path valid = caches.string() + ".valid";
  fs::copy_file(cache, valid);
  const std::string stem = cache.stem().string();
  for (const WrongColumn& wrong : all) {
    data::ColumnStore columns = without_column(valid, wrong.name);
    wrong.add(valid, columns);
    data::write_column_file(cache, stem.substr(stem.rfind('-') + 1), columns);
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << wrong.message << ": " << outcome.errors;
    EXPECT_NE(outcome.errors.find(fmt::format("`{}` cannot be used: {}", cache.string(), wrong.message)),
              std::string::npos)
        << wrong.message << ": " << outcome.errors;
    EXPECT_NE(outcome.errors.find("; rebuilding it"), std::string::npos) << outcome.errors;
    EXPECT_EQ(read_file(cache), read_file(valid)) << wrong.message;
  }
}

template <typename T>
WrongColumn last_number(const std::string& name, T value, const std::string& message) {
  return wrong_numbers<T>(name, message, [=](std::vector<T>& numbers) { numbers.back() = value; });
}

TEST(HostileColumnFiles, SquadCachesWithWrongContentAreBuiltAgain) {
  const tiny::TemporaryFolder folder;
  const std::string must = "its column `";
  expect_caches_built_again(
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

TEST(HostileColumnFiles, GlueCachesWithWrongContentAreBuiltAgain) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "train.tsv", "sentence\tlabel\nthe old mill\t1\nthe river\t0\n");
  const std::string must = "its column `";
  expect_caches_built_again(
      {"data", "features", "glue", "--task_name", "sst-2", "--data_dir", folder.path(), "--model", tiny::bert_folder()},
      folder / "caches",
      {
          last_number<int32_t>("ids", 1 << 30, must + "ids` must hold numbers from 0 to "),
          last_number<int64_t>("row_starts", 1 << 20, must + "row_starts` must begin at 0 and end at "),
          last_number<int32_t>("segment_b_starts", 100,
                               "its row 1 must have 2 to 128 tokens that contain the second text"),
          last_number<int32_t>("labels", 2, must + "labels` must hold numbers from 0 to 1, but number 1 is 2"),
          last_number<float>("targets", 1.0F / 0.0F, must + "targets` must hold finite numbers"),
          wrong_numbers<int64_t>("row_indexes", must + "row_indexes` must hold 2 elements, but holds 1",
                                 [](std::vector<int64_t>& indexes) { indexes.pop_back(); }),
      });
}

}  // namespace
}  // namespace retort::program
