// Reads and rewrites SQuAD files, and finds answers in contexts with replaced words. Offsets are counted by hand.
#include "retort/augment/squad_variants.h"

#include "retort/data/squad/squad_reader.h"
#include "unit/data/squad/squad_testing.h"

namespace retort::augment {
namespace {

using retort::testing::ScratchFolder;
using retort::testing::user_error_of;

data::SquadParagraph make_paragraph(const std::string& context, const std::vector<data::SquadAnswer>& answers) {
  data::SquadParagraph paragraph{.context = context};
  for (const data::SquadAnswer& answer : answers)
    paragraph.questions.push_back(
        {.id = std::to_string(paragraph.questions.size()), .question = "q?", .answers = {answer}});
  return paragraph;
}

// Returns the answers of a variant as [text, start], null when it is dropped.
Json answers_of(const data::SquadParagraph& paragraph, std::vector<std::string> new_words, bool at_first = false) {
  Variant variant;
  for (const std::string& word : new_words) {
    if (!variant.text.empty()) variant.text += ' ';
    variant.word_begins.push_back(static_cast<int32_t>(variant.text.size()));
    variant.text += word;
  }
  const auto answers = find_answer_words(paragraph, text::basic_words(paragraph.context, {}), {});
  const auto json = maybe_variant_json(paragraph, answers, variant, 3, at_first);
  if (!json) return nullptr;
  Json answers_found = Json::array();
  const Json parsed = parse_json(*json, "variant");
  EXPECT_EQ(parsed["context"], variant.text);
  for (const Json& qa : parsed["qas"]) {
    EXPECT_TRUE(qa["id"].get<std::string>().ends_with("-aug3"));
    answers_found.push_back(Json::array({qa["answers"][0]["text"], qa["answers"][0]["answer_start"]}));
  }
  return answers_found;
}

// The same, written by hand.
Json found(const std::vector<std::pair<std::string, int64_t>>& answers) {
  Json list = Json::array();
  for (const auto& [text, start] : answers) list.push_back(Json::array({text, start}));
  return list;
}

TEST(SquadVariants, AnswersStandAtTheirWords) {
  // words: start , the art of Zoë : the art
  const data::SquadParagraph paragraph =
      make_paragraph("Start, the art of Zo\xC3\xAB: the Art", {{"art", 11, {}}, {"Art", 27, {}}});
  const std::vector<std::string> words{"begin", ",", "the", "art", "of", "zoe", ":", "a", "art"};
  EXPECT_EQ(answers_of(paragraph, words), found({{"art", 12}, {"art", 27}}));
  EXPECT_EQ(answers_of(paragraph, words, /*at_first=*/true), found({{"art", 12}, {"art", 12}}));
  // The published program finds an answer even inside a word.
  const std::vector<std::string> inside{"start", ",", "the", "art", "of", "zoe", ":", "the", "art"};
  EXPECT_EQ(answers_of(paragraph, inside, /*at_first=*/true), found({{"art", 2}, {"art", 2}}));
  EXPECT_EQ(answers_of(paragraph, inside), found({{"art", 12}, {"art", 29}}));
}

TEST(SquadVariants, StartsCountCodePoints) {
  const data::SquadParagraph paragraph = make_paragraph("\xE4\xBD\xA0 saw IT'S end", {{"IT'S", 6, {}}});
  EXPECT_EQ(answers_of(paragraph, {"\xE4\xBD\xA0", "met", "it", "'", "s", "end"}), found({{"it ' s", 6}}));
}

TEST(SquadVariants, AnswersThatAreNotThereDropTheVariant) {
  const data::SquadParagraph paragraph = make_paragraph("built in 1990s", {{"1990", 9, {}}});  // inside a word
  EXPECT_EQ(answers_of(paragraph, {"made", "in", "1990s"}), found({{"1990", 8}}));
  EXPECT_EQ(answers_of(paragraph, {"made", "in", "1980s"}), Json(nullptr));
}

TEST(SquadVariants, WordsOfFirstAnswersStay) {
  data::SquadParagraph paragraph = make_paragraph("the Old Mill, built", {{"Old Mill", 4, {}}});
  paragraph.questions[0].answers.push_back({"built", 14, {}});
  EXPECT_EQ(answer_black_list(paragraph, {}), (std::set<std::string>{"old", "mill"}));
}

constexpr const char* kFile =
    R"({"version":"1.1","more":[1,"x"],"data":[{"title":"A \"b\"","paragraphs":[{"context":"a b","qas":[)"
    R"({"id":"1","question":"q","answers":[{"text":"b","answer_start":2}]},)"
    R"({"id":2,"question":"q","answers":[{"text":"b","answer_start":0}]}]}]},{"paragraphs":[]}]})";

TEST(SquadDocument, IsTheFileAgain) {
  const ScratchFolder folder;
  const fs::path path = folder.write("train.json", kFile), copy = folder.path() / "copy.json";
  const data::SquadDocument document = data::read_squad_document(path, data::OnBadRecord::kSkip);
  ASSERT_EQ(document.articles.size(), 2u);
  EXPECT_EQ(document.paragraph_count(), 1);
  ASSERT_EQ(document.articles[0].paragraphs[0].questions.size(), 1u);  // the other answer is not at its offset
  EXPECT_EQ(document.skipped.count, 1);
  data::SquadDocumentFile file(copy, document.members);
  for (const data::SquadArticle& article : document.articles) {
    file.begin_article(article.members);
    for (const data::SquadParagraph& paragraph : article.paragraphs) file.add_paragraph(paragraph.json);
    file.end_article();
  }
  EXPECT_FALSE(fs::exists(copy));
  file.publish();
  EXPECT_EQ(nlohmann::json::parse(read_file(copy)), nlohmann::json::parse(std::string(kFile)));
}

TEST(SquadDocument, OtherFilesAreRefused) {
  const ScratchFolder folder;
  const auto told = [&](const std::string& content) {
    const fs::path path = folder.write("train.json", content);
    const std::string message = user_error_of([&] { data::read_squad_document(path, data::OnBadRecord::kFail); });
    return message.substr(message.find_last_of('/') + 1);
  };
  const std::string is_2 =
      "train.json` must be SQuAD v1.1, but is SQuAD v2.0; augmentation is defined for questions that have answers, so "
      "pass train-v1.1.json";
  EXPECT_EQ(told(R"({"version":"v2.0","data":[]})"), is_2);
  EXPECT_EQ(told(R"({"data":[{"paragraphs":[{"context":"a","qas":[{"id":"1","question":"q","answers":[],)"
                 R"("is_impossible":true}]}]}]})"),
            is_2);
  EXPECT_EQ(told(R"({"id":"1","context":"a","question":"q","answers":{"text":["a"],"answer_start":[0]}})"),
            "train.json` must be the official SQuAD JSON with articles and paragraphs, but is a table of the hub; pass "
            "train-v1.1.json");
  EXPECT_EQ(told(""), "train.json` must be a SQuAD file, but is empty");
  EXPECT_NE(told("{\"data\": [").find("train.json"), std::string::npos);
  EXPECT_NE(told(R"({"data":[{"paragraphs":[{"context":"a","qas":[{"id":"1","question":"q","answers":[]}]}]}]})")
                .find("fix the record"),
            std::string::npos);
}

TEST(SquadDocument, AugmentingTwiceIsRefused) {
  data::SquadDocument document;
  document.articles.push_back({.paragraphs = {make_paragraph("a", {{"a", 0, {}}})}});
  check_not_augmented(document, "f");
  document.articles[0].paragraphs[0].questions[0].id = "x-aug12";
  EXPECT_EQ(user_error_of([&] { check_not_augmented(document, "f"); }),
            "`f` must not be augmented already, but has the id `x-aug12`; pass the original file");
  document.articles[0].paragraphs[0].questions[0].id = "x-august";
  check_not_augmented(document, "f");
}

}  // namespace
}  // namespace retort::augment
