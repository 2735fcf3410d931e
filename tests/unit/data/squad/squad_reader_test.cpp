// The formats of SQuAD files and what is read from them.
#include "retort/data/squad/squad_reader.h"

#include "retort/data/squad/squad_words.h"
#include "unit/data/squad/squad_testing.h"

namespace retort::data {
namespace {

using retort::testing::ScratchFolder;
using retort::testing::squad_fixture;
using retort::testing::user_error_of;

TEST(SquadReader, ReadsTheOfficialFormForTraining) {
  const SquadData data = read_squad(squad_fixture("sample-v1.1.json"), {.is_training = true});
  EXPECT_EQ(data.contexts.size(), 41u);
  EXPECT_EQ(data.skipped.summary(), "1 record was skipped (1 unusual white space)");
  for (const SquadExample& example : data.examples) {
    ASSERT_EQ(example.answers.empty(), false);
    const text::Range range = example.answers[0].context_bytes;
    EXPECT_EQ(
        data.context_of(example).substr(static_cast<size_t>(range.begin), static_cast<size_t>(range.end - range.begin)),
        example.answers[0].text);
  }
}

TEST(SquadReader, ImpossibleQuestionsLoseTheirAnswers) {
  const SquadData data =
      read_squad(squad_fixture("sample-v2.0.json"), {.is_training = true, .version_2_with_negative = true});
  EXPECT_TRUE(data.has_impossible());
  for (const SquadExample& example : data.examples)
    EXPECT_EQ(example.is_impossible, example.answers.empty()) << example.id;
}

TEST(SquadReader, ImpossibleQuestionsNeedTheirFlag) {
  for (const bool is_training : {false, true}) {
    const std::string message =
        user_error_of([&] { read_squad(squad_fixture("sample-v2.0.json"), {.is_training = is_training}); });
    EXPECT_NE(message.find("`data[0].paragraphs[0].qas[3]` (id `n003`) is an impossible question"), std::string::npos)
        << message;
    EXPECT_NE(message.find("--version_2_with_negative"), std::string::npos) << message;
  }
}

TEST(SquadReader, RowsOfTheHubEqualTheOfficialForm) {
  const SquadData official =
      read_squad(squad_fixture("sample-v2.0.json"), {.is_training = true, .version_2_with_negative = true});
  std::vector<const char*> names{"rows.jsonl"};
#ifdef RETORT_PARQUET
  names.push_back("rows.parquet");
#endif
  for (const char* name : names) {
    const SquadData rows = read_squad(squad_fixture(name), {.is_training = true, .version_2_with_negative = true});
    EXPECT_EQ(rows.contexts.size(), 12u) << name;
    ASSERT_EQ(rows.examples.size(), 47u) << name;  // of 48; one has an answer with unusual white space
    for (const SquadExample& row : rows.examples) {
      const auto same = std::find_if(official.examples.begin(), official.examples.end(),
                                     [&](const SquadExample& e) { return e.id == row.id; });
      ASSERT_NE(same, official.examples.end());
      EXPECT_EQ(row.question, same->question);
      EXPECT_EQ(rows.context_of(row), official.context_of(*same));
      EXPECT_EQ(row.is_impossible, same->is_impossible);
      ASSERT_EQ(row.answers.size(), same->answers.size());
      for (size_t i = 0; i < row.answers.size(); ++i) {
        EXPECT_EQ(row.answers[i].text, same->answers[i].text);
        EXPECT_EQ(row.answers[i].start, same->answers[i].start);
      }
    }
  }
}

TEST(SquadReader, AcceptsAByteOrderMarkKeysInAnyOrderAndIntegerIds) {
  const ScratchFolder scratch;
  const fs::path path = scratch.write(
      "a.json",
      "\xEF\xBB\xBF{\"data\":[{\"paragraphs\":[{\"qas\":[{\"answers\":[{\"answer_start\":2,\"text\":\"b\"}],"
      "\"id\":17,\"question\":\"q\"}],\"context\":\"a b\"}]}],\"version\":\"1.1\"}");
  const SquadData data = read_squad(path, {.is_training = true});
  ASSERT_EQ(data.examples.size(), 1u);
  EXPECT_EQ(data.examples[0].id, "17");
  EXPECT_EQ(data.context_of(data.examples[0]), "a b");
}

TEST(SquadReader, EvaluationKeepsEveryQuestion) {
  const ScratchFolder scratch;
  const fs::path path = scratch.write("a.json", R"({"data":[{"paragraphs":[{"context":"","qas":[
      {"id":"1","question":"q","answers":[]},{"id":"2","question":"","answers":[{"text":"x","answer_start":99}]},
      {"id":"3","question":"q","answers":[{"text":"x"}]}]}]}]})");
  EXPECT_EQ(read_squad(path, {}).examples.size(), 3u);
}

TEST(SquadReader, SamplesQuestionsBySeed) {
  const auto sample = [](uint64_t seed) {
    SquadData data = read_squad(squad_fixture("sample-v1.1.json"), {.is_training = true});
    keep_random_examples(data, 10, seed);
    std::string ids;
    for (const SquadExample& example : data.examples) ids += example.id + " ";
    return ids;
  };
  EXPECT_EQ(sample(1), sample(1));
  EXPECT_NE(sample(1), sample(2));
}

TEST(SquadWords, SplitsWhereTheReferenceSplits) {
  const std::string context =
      " a\xE2\x80\xAF"
      "b\tc\r\nd\xC2\xA0"
      "e ";  // U+202F separates, U+00A0 does not
  const auto words = split_words(context);
  ASSERT_EQ(words.size(), 4u);
  EXPECT_EQ(join_words(context, words, 0, 3),
            "a b c d\xC2\xA0"
            "e");
  EXPECT_EQ(word_at(words, 0), -1);
  EXPECT_EQ(word_at(words, 1), 0);
  EXPECT_EQ(word_at(words, 2), 0);
  EXPECT_EQ(collapse_white_space("\t a\xE2\x80\x83 b\n"), "a b");
}

TEST(SquadWords, CountsCodePoints) {
  const CodePointIndex index("a\xC3\xA9\xF0\x9F\x98\x80z");
  EXPECT_EQ(index.code_points(), 4);
  EXPECT_EQ(index.byte_of(2), 3);
  EXPECT_EQ(index.byte_of(4), 8);
  EXPECT_TRUE(CodePointIndex("abc").is_ascii());
}

}  // namespace
}  // namespace retort::data
