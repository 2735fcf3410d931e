// JSON lines in, the same lines with their results out: order, groups, blank lines, and an invalid line after valid
// ones.
#include "retort/task/json_lines_input.h"

#include <gtest/gtest.h>

#include <sstream>
#include <utility>

#include "retort/base/error.h"

namespace retort::task {
namespace {

struct Answered {
  std::vector<size_t> group_sizes;
  std::vector<Json> results;
};

// Doubles the number in every line.
void answer_all(std::istream& in, Answered& answered) {
  JsonLinesInput lines(in, "input");
  std::vector<int32_t> numbers;
  answer_lines(
      lines, [&](const Json& line) { numbers.push_back(lines.integers_of(line, "n").front()); },
      [&] {
        answered.group_sizes.push_back(numbers.size());
        std::vector<Json> results;
        for (const int32_t number : std::exchange(numbers, {})) results.push_back({{"twice", 2 * number}});
        return results;
      },
      [&](const Json& result) { answered.results.push_back(result); });
}

std::string make_lines(int32_t count) {
  std::string text;
  for (int32_t i = 0; i < count; ++i) text += R"({"id": "x", "n": [)" + std::to_string(i) + "]}\n";
  return text;
}

TEST(AnswerLines, EveryLineComesBackInItsPlace) {
  for (const int32_t count : {0, 1, 255, 256, 257, 512, 600}) {
    std::istringstream in(make_lines(count));
    Answered answered;
    answer_all(in, answered);
    ASSERT_EQ(answered.results.size(), count);
    EXPECT_EQ(answered.group_sizes.size(), (count + 255) / 256);
    for (int32_t i = 0; i < count; ++i)
      EXPECT_EQ(answered.results[i], (Json{{"id", "x"}, {"n", {i}}, {"twice", 2 * i}}));
  }
}

TEST(AnswerLines, ResultsReplaceMembersOfTheSameNameAndBlankLinesVanish) {
  std::istringstream in("\n{\"n\": [3], \"twice\": \"?\"}\n \t\r\n{\"n\": [4]}");
  Answered answered;
  answer_all(in, answered);
  ASSERT_EQ(answered.results.size(), 2);
  EXPECT_EQ(answered.results[0].dump(), R"({"n":[3],"twice":6})");
  EXPECT_EQ(answered.results[1].dump(), R"({"n":[4],"twice":8})");
}

TEST(AnswerLines, ABadLineIsNamedAfterTheGroupsBeforeIt) {
  std::istringstream in(make_lines(300) + "{\"n\": [-1]}\n");
  Answered answered;
  try {
    answer_all(in, answered);
    FAIL() << "must be refused";
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "`input: line 301`: field `n` must hold whole numbers from 0, but holds `-1`");
  }
  EXPECT_EQ(answered.results.size(), 256);
}

}  // namespace
}  // namespace retort::task
