// `retort data binarize` and `retort data count`: they make token files and counts of text, and refuse other files and
// outputs that would replace an input.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>

#include "recipe/language_modeling.h"
#include "retort/base/error.h"
#include "retort/base/output_lock.h"
#include "retort/checkpoint/array_list_pickle.h"
#include "retort/data/corpus/token_file.h"
#include "retort/task/token_counts.h"
#include "retort/train/stop_signal.h"

namespace retort::recipe {
namespace {

TEST(Binarize, SplitsArticlesIntoTrainingAndHeldOut) {
  const tiny::TemporaryFolder folder;
  const Json result = binarize(tiny::binarize_settings(folder.path()));
  EXPECT_EQ(result["sequences"].get<int64_t>() + result["held_out_sequences"].get<int64_t>(), 40);
  EXPECT_EQ(result["held_out_sequences"], 10);
  const data::TokenFile file(folder / "corpus.tokens");
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
  std::vector<int32_t> ids;
  file.append_ids(0, 0, file.length(0), ids);
  EXPECT_EQ(ids.front(), tokenizer.cls_id());
  EXPECT_EQ(ids.back(), tokenizer.sep_id());
  EXPECT_NE(read_file(tiny::train_file()).find(tokenizer.decode(ids).substr(0, 4)), std::string::npos);
  EXPECT_NE(tiny::message_of([&] { binarize(tiny::binarize_settings(folder.path())); }).find("must not exist yet"),
            std::string::npos);
  BinarizeConfig same = tiny::binarize_settings(folder.path());
  same.held_out_file = folder / "sub/../corpus.tokens", same.overwrite = true;
  EXPECT_NE(tiny::message_of([&] { binarize(same); }).find("must be another file"), std::string::npos);
  BinarizeConfig rare = tiny::binarize_settings(folder.path());
  rare.output_file = folder / "rare.tokens", rare.held_out_file = folder / "rarely.tokens", rare.held_out_every = 41;
  EXPECT_EQ(tiny::message_of([&] { binarize(rare); }),
            "`held_out_every` must be at most the number of articles, but is 41 of 40; choose a smaller one");
  EXPECT_FALSE(fs::exists(rare.output_file));

  count_tokens([&] {
    CountTokensConfig config;
    config.data_file = folder / "corpus.tokens", config.output_file = folder / "counts.json";
    return config;
  }());
  EXPECT_EQ(task::read_token_counts(folder / "counts.json", file.vocabulary().size), file.count_ids());
}

TEST(Binarize, RefusesFilesThatAreNotText) {
  const tiny::TemporaryFolder folder;
  const auto message = [&](const fs::path& input, const fs::path& output) {
    BinarizeConfig config = tiny::binarize_settings(folder.path());
    config.file_path = input, config.output_file = output;
    return tiny::message_of([&] { binarize(config); });
  };
  write_file_atomically(folder / "wide.txt", std::string("a line\nt\0w\0o\0", 13));
  EXPECT_EQ(message(folder / "wide.txt", folder / "wide.tokens"),
            fmt::format("`{}` must be UTF-8 text, but line 2 has a NUL byte; convert UTF-16 with iconv -f UTF-16 -t "
                        "UTF-8, and unpack archives first",
                        (folder / "wide.txt").string()));
  EXPECT_NE(message(folder.path(), folder / "x.tokens").find("is a folder; concatenate its files"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_NE(message(folder / "pipe", folder / "x.tokens").find("is a pipe or device"), std::string::npos);
  EXPECT_NE(message("/dev/null", folder / "x.tokens").find("is a pipe or device"), std::string::npos);
  EXPECT_NE(message(folder / "none.txt", folder / "x.tokens").find("does not exist"), std::string::npos);
  EXPECT_NE(message(folder / "wide.txt", folder.path()).find("must be a file, but is a folder"), std::string::npos);
  {
    const OutputLock other(folder / "busy.tokens");
    EXPECT_NE(message(folder / "text.txt", folder / "busy.tokens").find("must be written by one process"),
              std::string::npos);
  }
  EXPECT_FALSE(fs::exists(folder / "wide.tokens"));
  EXPECT_NE(
      tiny::message_of([&] { data::TokenFile(folder / "wide.txt"); }).find("make one from text with `retort data "),
      std::string::npos);
}

TEST(Binarize, WritesNothingAfterASignal) {
  const tiny::TemporaryFolder folder;
  const BinarizeConfig config = tiny::binarize_settings(folder.path());
  const train::StopSignal stop;
  std::raise(SIGTERM);
  try {
    binarize(config);
    FAIL() << "a signal must end it";
  } catch (const Interrupted& stopped) {
    EXPECT_STREQ(stopped.what(), "stopped by SIGTERM; nothing was written");
  }
  for (const auto& entry : fs::directory_iterator(folder.path())) EXPECT_EQ(entry.path().filename(), "text.txt");
}

TEST(Binarize, DoesNotReplaceItsInput) {
  const tiny::TemporaryFolder folder;
  BinarizeConfig config = tiny::binarize_settings(folder.path());
  binarize(config);
  config.overwrite = true;
  for (std::string* const output : {&config.output_file, &config.held_out_file}) {
    const std::string before = std::exchange(*output, (folder / "./text.txt").string());
    EXPECT_NE(tiny::message_of([&] { binarize(config); }).find("must be another file than `"), std::string::npos);
    *output = before;
  }
  CountTokensConfig counting;
  counting.data_file = folder / "corpus.tokens", counting.output_file = folder / "counts.json";
  count_tokens(counting);
  EXPECT_NE(tiny::message_of([&] { count_tokens(counting); }).find("must not exist yet, but does"), std::string::npos);
  counting.overwrite = true;
  count_tokens(counting);
  counting.output_file = folder / "corpus.tokens";
  EXPECT_NE(tiny::message_of([&] { count_tokens(counting); }).find("must be another file than `"), std::string::npos);
  EXPECT_GT(data::TokenFile(folder / "corpus.tokens").token_count(), 0);
}

TEST(Binarize, ReadsThePublishedPickle) {
  const tiny::TemporaryFolder folder;
  BinarizeConfig config;
  config.file_path = RETORT_FIXTURES "/corpus_pickle/arrays-protocol4.pickle";
  config.model = RETORT_FIXTURES "/distilbert_distillation/student_mlm";
  config.output_file = folder / "corpus.tokens";
  EXPECT_EQ(binarize(config)["tokens"], 4 + 3 + 7);
}

// The arrays of the fixture are those that NumPy wrote; binarize reads them with the same counts.
TEST(TokenCounts, CountsThePublishedCorpusWithoutATokenFile) {
  const tiny::TemporaryFolder folder;
  CountTokensConfig config;
  config.data_file = RETORT_FIXTURES "/corpus_pickle/arrays-protocol4.pickle";
  config.output_file = folder / "counts.json", config.vocab_size = 70000;
  const Json result = count_tokens(config);
  std::vector<int64_t> expected(70000);
  int64_t tokens = 0;
  checkpoint::read_array_list(MappedFile(config.data_file).bytes(), "corpus", [&](std::span<const int32_t> ids) {
    for (const int32_t id : ids) ++expected[id], ++tokens;
  });
  EXPECT_GT(tokens, 0);
  EXPECT_EQ(result["tokens"], tokens);
  EXPECT_EQ(read_json_file(folder / "counts.json").get<std::vector<int64_t>>(), expected);
  config.vocab_size = 2, config.overwrite = true;
  EXPECT_NE(tiny::message_of([&] { count_tokens(config); }).find("must hold ids from 0 to 1, but sequence"),
            std::string::npos);
}

TEST(TokenCounts, ReadsThePublishedPickle) {
  const std::string path = RETORT_FIXTURES "/corpus_pickle/counts.pickle";
  EXPECT_EQ(task::read_token_counts(path, 4), (std::vector<int64_t>{0, 1, 10, 1000}));
  EXPECT_EQ(tiny::message_of([&] { task::read_token_counts(path, 5); }),
            "`" + path + "` must hold 5 counts, one for each token, but holds 4; count with the same vocabulary");
}

}  // namespace
}  // namespace retort::recipe
