// Every error of a SQuAD file, with its message.
#include "unit/data/squad/squad_testing.h"

namespace retort::data {
namespace {

using retort::testing::ScratchFolder;
using retort::testing::user_error_of;

// Returns a file of one paragraph.
std::string paragraph(const std::string& context, const std::string& qas) {
  return R"({"data":[{"paragraphs":[{"context":")" + context + R"(","qas":[)" + qas + "]}]}]}";
}

std::string question(const std::string& id, const std::string& answers) {
  return R"({"id":")" + id + R"(","question":"q","answers":[)" + answers + "]}";
}

struct BadInput {
  const char* name;
  std::string content;
  std::vector<const char*> told;  // parts of the message
  bool is_skippable = true;
};

void PrintTo(const BadInput& input, std::ostream* out) { *out << input.name; }

class SquadBadInput : public ::testing::TestWithParam<BadInput> {};

const char* kAnswer = R"({"text":"b","answer_start":2})";

std::vector<BadInput> bad_inputs() {
  const std::string good = question("good", kAnswer);
  return {
      {"Empty", "", {"must be a SQuAD file, but is empty"}, false},
      {"Truncated", "{\n\"data\": [{\"paragraphs\":\n [{\"context\": \"a b", {"bad.json", "line 3"}, false},
      {"DeepNesting", std::string(100000, '['), {"bad.json"}, false},
      {"Utf16", std::string("\xFF\xFE{\0", 4), {"must be UTF-8, but is UTF-16"}, false},
      {"NoData", R"({"version":"1.1"})", {"`data` must be a list, but is missing"}, false},
      {"DataIsObject", R"({"data":{}})", {"`data` must be a list, but is an object"}, false},
      {"NoContext",
       R"({"data":[{"paragraphs":[{"qas":[]}]}]})",
       {"`data[0].paragraphs[0].context` must be a string, but is missing"},
       false},
      {"StartIsString",
       paragraph("a b", good + "," + question("x", R"({"text":"b","answer_start":"2"})")),
       {"`data[0].paragraphs[0].qas[1].answers[0].answer_start` must be an integer, but is a string",
        "--on_bad_record skip"}},
      {"NoId",
       paragraph("a b", good + R"(,{"question":"q","answers":[]})"),
       {"`data[0].paragraphs[0].qas[1].id` must be a string, but is missing"}},
      {"AnswersIsNull",
       paragraph("a b", good + R"(,{"id":"x","question":"q","answers":null})"),
       {"qas[1].answers` must be a list, but is null"}},
      {"StartOutside",
       paragraph("a b", good + "," + question("x", R"({"text":"b","answer_start":3})")),
       {"qas[1].answers[0].answer_start` (id `x`) must be from 0 to 2 (code points of the context), but is 3"}},
      {"StartNegative",
       paragraph("a b", good + "," + question("x", R"({"text":"b","answer_start":-1})")),
       {"must be from 0 to 2", "but is -1"}},
      {"StartInBytes",
       paragraph("b \xC3\xA9\xC3\xA9 answer", question("good", R"({"text":"b","answer_start":0})") + "," +
                                                  question("x", R"({"text":"answer","answer_start":7})")),
       {"must count code points, but 7 counts bytes (the answer `answer` is there)"}},
      {"StartInUtf16",
       paragraph("b \xF0\x9F\x98\x80 answer", question("good", R"({"text":"b","answer_start":0})") + "," +
                                                  question("x", R"({"text":"answer","answer_start":5})")),
       {"must count code points, but 5 counts UTF-16 units"}},
      {"EmptyAnswers",
       paragraph("a b", good + "," + question("x", "")),
       {"qas[1]` (id `x`) must have an answer for training", "--version_2_with_negative"}},
      {"EmptyAnswerText",
       paragraph("a b", good + "," + question("x", R"({"text":"","answer_start":0})")),
       {"(id `x`) must belong to an answer, but its `text` is empty"}},
      {"IdTwice", paragraph("a b", good + "," + good), {"the id `good` must be unique"}},
      {"EmptyContext",
       R"({"data":[{"paragraphs":[{"context":"a b","qas":[)" + good + R"(]},{"context":" \t","qas":[)" +
           question("x", kAnswer) + "]}]}]}",
       {"`data[0].paragraphs[1].qas[0]` (id `x`) must have a context, but it is empty"}},
  };
}

TEST_P(SquadBadInput, IsNamed) {
  const ScratchFolder scratch;
  const fs::path path = scratch.write("bad.json", GetParam().content);
  const std::string message = user_error_of([&] { read_squad(path, {.is_training = true}); });
  EXPECT_NE(message.find("bad.json"), std::string::npos) << message;
  for (const char* part : GetParam().told)
    EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
}

TEST_P(SquadBadInput, IsCountedWhenSkipped) {
  const ScratchFolder scratch;
  const fs::path path = scratch.write("bad.json", GetParam().content);
  const SquadReadOptions options{.is_training = true, .on_bad_record = OnBadRecord::kSkip};
  if (!GetParam().is_skippable) {
    EXPECT_NE(user_error_of([&] { read_squad(path, options); }), "");
    return;
  }
  const SquadData data = read_squad(path, options);
  EXPECT_EQ(data.examples.size(), 1u);
  EXPECT_EQ(data.skipped.count, 1);
  ASSERT_EQ(data.skipped.messages.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(All, SquadBadInput, ::testing::ValuesIn(bad_inputs()),
                         [](const auto& test) { return test.param.name; });

TEST(SquadAnswerPlace, AnAnswerThatIsNotThereIsLeftOutAsTheReferenceDoes) {
  const ScratchFolder scratch;
  // The second offset is wrong by two characters but inside the word: the reference uses whole words and accepts it.
  const fs::path path = scratch.write(
      "a.json", paragraph("one two three", question("1", R"({"text":"two","answer_start":8})") + "," +
                                               question("2", R"({"text":"three","answer_start":10})") + "," +
                                               question("3", R"({"text":"one  two","answer_start":0})")));
  const SquadData data = read_squad(path, {.is_training = true});
  ASSERT_EQ(data.examples.size(), 2u);
  EXPECT_EQ(data.examples[0].id, "2");
  EXPECT_EQ(data.skipped.summary(), "1 record was skipped (1 answer not found)");
  EXPECT_NE(data.skipped.messages[0].find("must be the start of the answer `two`, but `three` is there"),
            std::string::npos)
      << data.skipped.messages[0];
}

TEST(SquadRows, BadRowsNameTheirLine) {
  const ScratchFolder scratch;
  const std::string row = R"({"id":"1","context":"a b","question":"q","answers":{"text":["b"],"answer_start":[2]}})";
  const auto message = [&](const std::string& content) {
    const fs::path path = scratch.write("rows.jsonl", content);
    return user_error_of([&] { read_squad(path, {.is_training = true}); });
  };
  EXPECT_NE(message(row + "\n\n{\"id\":\n").find("line 3 must be one JSON object"), std::string::npos);
  EXPECT_NE(
      message(row + "\n{\"id\":2,\"context\":\"a\"}\n").find("line 2: `id` must be a string, as in the records before"),
      std::string::npos);
  EXPECT_NE(message(row + "\n" + R"({"id":"2","question":"q","answers":{"text":["b"],"answer_start":[2]}})")
                .find("`line 2.context` must be a string, but is missing"),
            std::string::npos);
  EXPECT_NE(message(R"({"id":"1","context":"a b","answers":{"text":["b"],"answer_start":[2]}})")
                .find("must have the column `question`, but has id, context, answers.text, answers.answer_start"),
            std::string::npos);
  EXPECT_NE(message(R"({"id":"2","context":"a","question":"q","answers":{"text":["b"],"answer_start":[]}})"
                    "\n" +
                    row)
                .find("equal numbers of `answer_start` and `text`, but has 0 and 1"),
            std::string::npos);
  EXPECT_NE(message(row + "\n" + row).find("the id `1` must be unique"), std::string::npos);
}

TEST(SquadRows, ABrokenParquetFileIsAnError) {
  const ScratchFolder scratch;
  const fs::path path = scratch.write("rows.parquet", "PAR1 and nothing else");
  EXPECT_NE(user_error_of([&] { read_squad(path, {}); }).find("rows.parquet"), std::string::npos);
}

TEST(SquadReader, OnBadRecordIsFailOrSkip) {
  EXPECT_EQ(parse_on_bad_record("skip"), OnBadRecord::kSkip);
  EXPECT_EQ(user_error_of([] { parse_on_bad_record("ignore"); }),
            "`on_bad_record` must be fail or skip, but is `ignore`");
}

}  // namespace
}  // namespace retort::data
