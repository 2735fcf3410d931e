// Malformed data files: each is read, or refused in one sentence with the file and a remedy. No output is written over
// an input.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/program.h"
#include "retort/data/feature_cache.h"

namespace retort::program {
namespace {

fs::path table_fixture(const char* name) { return fs::path(RETORT_FIXTURES) / "tables" / name; }

void expect_data_refused(const Outcome& outcome, const std::string& message) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_NE(outcome.errors.find(message), std::string::npos) << outcome.errors;
}

Words binarize_words(const fs::path& input, const fs::path& output, const Words& more = {}) {
  Words words{"data", "binarize", "--file_path", input, "--model", tiny::bert_folder(), "--output_file", output};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(HostileData, BinarizeNamesLineAndByteOfWhatIsNotUtf8) {
  const tiny::TemporaryFolder folder;
  const fs::path text = folder / "latin1.txt", output = folder / "o.tokens";
  write_file_atomically(text, "one two\nthe caf\xE9 was built\nthree\n");
  expect_data_refused(
      run(binarize_words(text, output)),
      fmt::format("`{}` line 2 must be UTF-8 text, but is broken at byte 8; convert the file with iconv",
                  text.string()));
  EXPECT_FALSE(fs::exists(output));
  const Outcome skipped = run(binarize_words(text, output, {"--on_bad_record", "skip"}));
  EXPECT_EQ(skipped.exit_code, 0) << skipped.errors;
  EXPECT_EQ(skipped.last_line()["sequences"], 2);
  EXPECT_EQ(skipped.last_line()["skipped"], 1);
  EXPECT_NE(skipped.errors.find("skipped: line 2 must be UTF-8 text"), std::string::npos) << skipped.errors;
}

TEST(HostileData, TextOfAnotherEncodingIsRefusedByLineAndByte) {
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

TEST(HostileData, BinarizeSkipsAByteOrderMark) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "a.txt", "\xEF\xBB\xBF<doc id=\"1\">\none two\n</doc>\n");
  const Outcome outcome = run(binarize_words(folder / "a.txt", folder / "o.tokens"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.last_line()["sequences"], 1);
}

TEST(HostileData, NoOutputIsWrittenOverAnInput) {
  const tiny::TemporaryFolder folder;
  const fs::path text = folder / "text.txt", model = tiny::copy_model(tiny::bert_folder(), folder / "model");
  write_file_atomically(text, "one two three\n");
  fs::create_symlink(text, folder / "link");
  fs::create_hard_link(text, folder / "hard");
  for (const fs::path& output : {text, folder / "link", folder / "hard", model / "vocab.txt"}) {
    Words words = binarize_words(text, output, {"--overwrite"});
    words[5] = model;
    const std::string before = read_file(output);
    const std::string read = output == model / "vocab.txt" ? "model" : "file_path";
    expect_data_refused(run(words), "`output_file` must be another file than `" + read + "`, which is read");
    EXPECT_EQ(read_file(output), before);
  }
  ASSERT_EQ(run(binarize_words(text, folder / "o.tokens")).exit_code, 0);
  fs::create_hard_link(folder / "o.tokens", folder / "counts");
  expect_data_refused(
      run({"data", "count", "--data_file", folder / "o.tokens", "--output_file", folder / "counts", "--overwrite"}),
      "`output_file` must be another file than `data_file`, which is read");
}

TEST(HostileData, TokenFilesAreCheckedOnOpening) {
  const tiny::TemporaryFolder folder;
  const fs::path path = folder / "a.tokens";
  for (const char* size : {"1000000000", "1", "4611686018427387904", "\"488\""}) {
    data::ColumnStore store;
    store.add_text("vocabulary",
                   fmt::format(R"({{"format":"retort token file","vocab_size":{},"pad":0,"unk":1,"cls":2,)"
                               R"("sep":3,"mask":4,"hash":"a"}})",
                               size));
    store.add("begins", std::vector<uint64_t>{0}), store.add("lengths", std::vector<uint32_t>{3});
    store.add("ids", std::vector<uint16_t>{2, 5, 3});
    data::write_column_file(path, std::string(32, 'a'), store);
    const Outcome outcome = run({"data", "count", "--data_file", path, "--output_file", folder / "counts.json"});
    expect_data_refused(outcome, "`" + path.string() + "` must be a complete token file, but ");
    EXPECT_NE(outcome.errors.find("make it again with `retort data binarize`"), std::string::npos) << outcome.errors;
    EXPECT_FALSE(fs::exists(folder / "counts.json"));
  }
}

TEST(HostileData, LinesOfDifferentMembersAreRefusedInLinearTime) {
  const tiny::TemporaryFolder folder;
  std::string lines = "{\"id\":\"a\"}\n";
  for (int i = 0; i < 20000; ++i) lines += fmt::format("{{\"k{}\":1}}\n", i);
  write_file_atomically(folder / "wide.jsonl", lines);
  expect_data_refused(run({"data", "features", "squad", "--model", tiny::bert_folder(), "--train_file",
                           folder / "wide.jsonl", "--use_cache", "false"}),
                      "wide.jsonl` must have the column `context`, but has id, k0");
}

TEST(HostileData, AColumnOfNullsIsRefused) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "train.jsonl",
                        "{\"sentence\": null, \"label\": 0}\n{\"sentence\": null, \"label\": 1}\n");
  expect_data_refused(run({"data", "features", "glue", "--task_name", "sst-2", "--data_dir", folder.path(), "--model",
                           tiny::bert_folder(), "--use_cache", "false"}),
                      "train.jsonl` line 1: `sentence` must be text, but is missing");
}

#ifdef RETORT_PARQUET
TEST(HostileData, ATableThatDecodesToMuchMoreThanItsSizeIsRefused) {
  const auto features = [](const char* name) {
    return run({"data", "features", "squad", "--model", tiny::bert_folder(), "--train_file", table_fixture(name),
                "--use_cache", "false"});
  };
  const Outcome one = features("one_context.parquet");
  EXPECT_EQ(one.exit_code, 0) << one.errors;
  EXPECT_EQ(one.last_line()["train"]["questions"], 1000);
  expect_data_refused(features("two_contexts.parquet"), "two_contexts.parquet` must decode to at most 64 MB");
}
#endif

}  // namespace
}  // namespace retort::program
