// Generated questions must be valid SQuAD v1.1 with exact offsets, equal on every machine, and without a name that
// occurs in both splits. Offsets are compared with code points counted by utf8proc, not with retort's own count.
#include "retort/data/question_world/question_world.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/hash.h"

namespace retort::data {
namespace {

using CheckQuestion = std::function<void(const std::string& context, const Json& question)>;

void for_each_question(const Json& world, const CheckQuestion& check) {
  for (const auto& article : world.at("data")) {
    for (const auto& paragraph : article.at("paragraphs")) {
      for (const auto& question : paragraph.at("qas")) check(paragraph.at("context").get<std::string>(), question);
    }
  }
}

// The byte offset of each code point, and the end.
std::vector<size_t> code_point_starts(const std::string& text) {
  std::vector<size_t> starts;
  size_t byte = 0;
  while (byte < text.size()) {
    starts.push_back(byte);
    utf8proc_int32_t code_point = 0;
    const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + byte,
                                        static_cast<utf8proc_ssize_t>(text.size() - byte), &code_point);
    EXPECT_GT(bytes, 0) << "ill-formed UTF-8 in " << text;
    if (bytes <= 0) break;
    byte += static_cast<size_t>(bytes);
  }
  starts.push_back(text.size());
  return starts;
}

std::set<std::string> answers_of(WorldSplit split, uint64_t seed) {
  std::set<std::string> names;
  const Json world = make_question_world({.seed = seed, .split = split, .passages = 600, .questions_per_passage = 6});
  for_each_question(world, [&](const std::string&, const Json& question) {
    const auto answer = question.at("answers").at(0).at("text").get<std::string>();
    const std::string asked = question.at("question");
    if (asked.starts_with("Who ") || asked.starts_with("Which river") || asked.starts_with("Where was"))
      names.insert(answer);
  });
  return names;
}

TEST(QuestionWorld, IsValidSquadWithExactOffsets) {
  const Json world = make_question_world({.seed = 7, .passages = 300, .questions_per_passage = 4});
  std::set<std::string> ids;
  int64_t beyond_ascii = 0;
  EXPECT_EQ(world.at("version"), "1.1");
  for_each_question(world, [&](const std::string& context, const Json& question) {
    EXPECT_TRUE(ids.insert(question.at("id")).second) << question;
    ASSERT_EQ(question.at("answers").size(), 1u);
    const std::string text = question.at("answers").at(0).at("text");
    const auto starts = code_point_starts(context);
    const auto start = question.at("answers").at(0).at("answer_start").get<size_t>();
    ASSERT_LT(start, starts.size());
    EXPECT_EQ(context.substr(starts[start], text.size()), text) << question;
    EXPECT_EQ(question.at("question").get<std::string>().find_first_of("{}"), std::string::npos) << question;
    EXPECT_EQ(context.find_first_of("{}"), std::string::npos) << context;
    beyond_ascii += starts[start] != start;
  });
  EXPECT_EQ(ids.size(), 300u * 4u);
  EXPECT_GT(beyond_ascii, 100) << "offsets in bytes and in code points must differ often, or this test proves nothing";
}

TEST(QuestionWorld, IsTheSameEverywhere) {
  const QuestionWorldOptions options{.seed = 42, .passages = 64, .questions_per_passage = 3};
  const std::string text = make_question_world(options).dump();
  EXPECT_EQ(text, make_question_world(options).dump());
  EXPECT_EQ(ContentHash().add(text).hex(), "0d5d8928bc63cabfd9d4951c95781fca")
      << "the demo's published score belongs to the data set of this hash";
  EXPECT_NE(text, make_question_world({.seed = 43, .passages = 64, .questions_per_passage = 3}).dump());
}

TEST(QuestionWorld, PassagesDoNotDependOnHowManyThereAre) {
  const auto first_context = [](int64_t passages) {
    return make_question_world({.seed = 5, .passages = passages}).at("data").at(0).at("paragraphs").at(0).at("context");
  };
  EXPECT_EQ(first_context(1), first_context(50));
}

TEST(QuestionWorld, SplitsShareNoNames) {
  const auto train = answers_of(WorldSplit::kTrain, 1), dev = answers_of(WorldSplit::kDev, 2);
  EXPECT_GT(train.size(), 200u);
  EXPECT_GT(dev.size(), 200u);
  for (const auto& name : dev) EXPECT_FALSE(train.contains(name)) << name;
}

TEST(QuestionWorld, EveryPassageHoldsRivalAnswers) {
  const Json world = make_question_world({.seed = 3, .passages = 80, .questions_per_passage = 6});
  for (const auto& article : world.at("data")) {
    for (const auto& paragraph : article.at("paragraphs")) {
      std::set<std::string> questions, answers;
      for (const auto& question : paragraph.at("qas")) {
        questions.insert(question.at("question"));
        answers.insert(question.at("answers").at(0).at("text"));
      }
      EXPECT_EQ(questions.size(), 6u) << "no question of a passage is repeated";
      EXPECT_EQ(answers.size(), 6u) << "no two facts of a passage have the same value: " << paragraph.at("context");
    }
  }
}

TEST(QuestionWorld, SomePassagesNeedTwoWindows) {
  const Json world = make_question_world({.seed = 42, .passages = 500, .questions_per_passage = 1});
  int64_t long_passages = 0;
  for_each_question(world, [&](const std::string& context, const Json&) { long_passages += context.size() > 1800; });
  EXPECT_GT(long_passages, 3);
  EXPECT_LT(long_passages, 40);
}

TEST(QuestionWorld, ZeroPassagesGiveNoArticles) {
  EXPECT_TRUE(make_question_world({.passages = 0}).at("data").empty());
}

TEST(QuestionWorld, CountsOutOfRangeAreErrors) {
  const auto message = [](const QuestionWorldOptions& options) -> std::string {
    try {
      make_question_world(options);
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message({.passages = -1}), "`passages` must be 0 or more, but is -1");
  EXPECT_EQ(message({.questions_per_passage = 7}), "`questions_per_passage` must be between 1 and 6, but is 7");
  EXPECT_EQ(message({.questions_per_passage = 0}), "`questions_per_passage` must be between 1 and 6, but is 0");
}

}  // namespace
}  // namespace retort::data
