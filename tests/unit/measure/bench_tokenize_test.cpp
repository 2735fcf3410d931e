// Which texts are measured, and that their token counts equal those of the `tokenizers` library (its fixtures).
#include "retort/measure/bench_tokenize.h"
#include "retort/base/folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/text/tokenizer.h"

namespace retort::measure {
namespace {

const fs::path kTextFixtures = RETORT_FIXTURES;

class BenchTokenize : public testing::Test {
 protected:
  BenchTokenize() : folder_(fs::temp_directory_path() / fmt::format("retort_bench_tokenize_{}", ::getpid())) {
    make_folder(folder_);
  }
  ~BenchTokenize() override { fs::remove_all(folder_); }
  fs::path write(std::string_view content) const {
    write_file_atomically(folder_ / "texts", content);
    return folder_ / "texts";
  }

  const fs::path folder_;
};

TEST_F(BenchTokenize, TakesTheContextsOfASquadFileEachOnce) {
  std::vector<std::string> contexts;
  const Json file = read_json_file(kTextFixtures / "squad" / "sample-v1.1.json");
  for (const Json& article : file["data"])
    for (const Json& paragraph : article["paragraphs"])
      if (auto text = paragraph["context"].get<std::string>();
          std::find(contexts.begin(), contexts.end(), text) == contexts.end())
        contexts.push_back(std::move(text));
  EXPECT_EQ(read_bench_texts(kTextFixtures / "squad" / "sample-v1.1.json"), contexts);
  EXPECT_FALSE(read_bench_texts(kTextFixtures / "squad" / "sample-v2.0.json").empty());
  EXPECT_FALSE(read_bench_texts(kTextFixtures / "squad" / "rows.jsonl").empty());
}

TEST_F(BenchTokenize, TakesTheLinesOfAnyOtherFile) {
  EXPECT_EQ(read_bench_texts(write("sentence\tlabel\r\n\n a b\t1\nthe last")),
            (std::vector<std::string>{"sentence\tlabel", " a b\t1", "the last"}));
  EXPECT_EQ(read_bench_texts(write("[1] is no object\n")), std::vector<std::string>{"[1] is no object"});
}

TEST_F(BenchTokenize, RefusesAFileWithoutTexts) {
  for (const char* content : {"", "\n\r\n"}) {
    try {
      read_bench_texts(write(content));
      FAIL() << "no error";
    } catch (const UserError& error) {
      EXPECT_EQ(std::string(error.what()), "`" + (folder_ / "texts").string() + "` must contain texts, but is empty");
    }
  }
}

TEST_F(BenchTokenize, CountsTheTokensOfTheLibrary) {
  text::Tokenizer::from_vocab_file(kTextFixtures / "text" / "vocab.txt").save(folder_);
  std::string lines;
  size_t texts = 0, bytes = 0, tokens = 0;
  const Json cases = read_json_file(kTextFixtures / "text" / "texts.json")["uncased"];
  for (const Json& expected : cases) {
    const auto text = expected["text"].get<std::string>();
    if (text.empty() || text.find_first_of("\n\r") != text.npos || (texts == 0 && text.front() == '{')) continue;
    lines += text + "\n";
    ++texts, bytes += text.size(), tokens += expected["ids"].size();
  }
  const Json result =
      bench_tokenize({.model = folder_.string(), .train_file = write(lines).string(), .threads = 0, .seconds = 0});
  EXPECT_GT(texts, 100u);
  EXPECT_EQ(result["texts"], texts);
  EXPECT_EQ(result["bytes"], bytes);
  EXPECT_EQ(result["tokens"], tokens);
  EXPECT_EQ(result["passes"], 3);
  for (const char* key : {"mb_s", "tok_s", "texts_s", "pass_ms", "median_pass_ms", "threads"})
    EXPECT_GT(result[key].get<double>(), 0) << key;
}

}  // namespace
}  // namespace retort::measure
