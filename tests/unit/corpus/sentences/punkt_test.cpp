// Words, parameters and sentences against those of NLTK 3.10 (tests/fixtures/corpus/punkt.json).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "retort/base/thread.h"
#include "retort/corpus/sentences/punkt_splitter.h"
#include "retort/corpus/sentences/punkt_trainer.h"
#include "unit/corpus/corpus_testing.h"

namespace retort::corpus {
namespace {

using Words = std::vector<std::string>;

Words cut(std::string_view line) {
  Words words;
  WordCutter cutter(line);
  for (std::string_view word; cutter.next(word);) words.emplace_back(word);
  return words;
}

Words split(const PunktParameters& parameters, std::string_view text) {
  std::vector<std::string_view> sentences;
  PunktSplitter(parameters).split(text, sentences);
  return {sentences.begin(), sentences.end()};
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// In calls of `lines_a_call` lines.
PunktParameters train(std::string_view text, size_t lines_a_call) {
  const std::vector<std::string_view> lines = lines_of(text);
  PunktTrainer trainer;
  const auto in_calls = [&](auto call) {
    for (size_t begin = 0; begin < lines.size(); begin += lines_a_call)
      call(std::span(lines).subspan(begin, std::min(lines_a_call, lines.size() - begin)));
  };
  in_calls([&](const auto& some) { trainer.count(some); });
  in_calls([&](const auto& some) { trainer.observe(some); });
  return trainer.finish();
}

template <typename Value>
std::set<std::string> texts_of(const TextTable<Value>& table) {
  std::set<std::string> texts;
  for (const auto& entry : table.entries()) texts.emplace(table.text_of(entry));
  return texts;
}

void expect_nltk_parameters(const PunktParameters& parameters, const Json& truth) {
  EXPECT_EQ(texts_of(parameters.abbreviations), truth["abbrev_types"].get<std::set<std::string>>());
  EXPECT_EQ(texts_of(parameters.starters), truth["sent_starters"].get<std::set<std::string>>());
  std::set<std::string> pairs;
  for (const Json& pair : truth["collocations"])
    pairs.insert(PunktParameters::pair_key(pair[0].get<std::string>(), pair[1].get<std::string>()));
  EXPECT_EQ(texts_of(parameters.collocations), pairs);
  EXPECT_EQ(parameters.orthography.size(), truth["ortho_context"].size());
  for (const auto& [type, bits] : truth["ortho_context"].items())
    EXPECT_EQ(parameters.orthography.value_or_default(type), bits.get<int>()) << type;
}

TEST(PunktWords, AreThoseOfNltk) {
  const Json truth = read_fixture("punkt.json");
  ASSERT_GT(truth["words"].size(), 500u);
  for (const Json& pair : truth["words"]) EXPECT_EQ(cut(pair[0].get<std::string>()), pair[1].get<Words>()) << pair[0];
}

TEST(PunktWords, KnowWhatTheyAre) {
  PunktToken token;
  token.read("-3.5.");
  EXPECT_TRUE(token.is_number && token.is_period_final && !token.is_initial);
  EXPECT_EQ(token.type(), "##number##");
  token.read("É.");
  EXPECT_TRUE(token.is_initial && token.first_case == FirstCase::kUpper);
  EXPECT_EQ(token.type_without_period(), "é");
  token.read("...");
  EXPECT_TRUE(token.is_ellipsis && !token.is_non_punctuation);
  token.read("a1");
  EXPECT_TRUE(token.is_non_punctuation && !token.is_alphabetic);
}

TEST(PunktTrainer, LearnsTheParametersOfNltk) {
  const Json truth = read_fixture("punkt.json");
  ASSERT_FALSE(truth["collocations"].empty());
  ASSERT_FALSE(truth["sent_starters"].empty());
  const std::string text = truth["text"];
  for (const size_t lines_a_call : {1u, 7u, 1000000u}) expect_nltk_parameters(train(text, lines_a_call), truth);
}

TEST(PunktTrainer, ScoresByTheFormulas) {
  // From nltk.tokenize.punkt.PunktTrainer._col_log_likelihood and _dunning_log_likelihood.
  EXPECT_NEAR(dunning_ratio(100, 50, 20, 10000), 121.646276025725, 1e-9);
  EXPECT_EQ(dunning_ratio(10, 0, 0, 100), 0);
  EXPECT_GT(abbreviation_score("dr", 20, 0, 100, 1000), 0.3);
  EXPECT_LT(abbreviation_score("house", 5, 200, 100, 1000), 0.3);
}

TEST(PunktSplitter, CutsAsNltkDoes) {
  const Json truth = read_fixture("punkt.json");
  const std::string text = truth["text"];
  const PunktParameters parameters = train(text, 1000000);
  EXPECT_EQ(split(parameters, text), truth["sentences"].get<Words>());
  for (const Json& pair : truth["hard"]) {
    const std::string one = pair[0];
    EXPECT_EQ(split(parameters, one), pair[1].get<Words>()) << one;
  }
}

TEST(PunktSplitter, TakesLinearTimeOnRuns) {
  const PunktParameters none;
  for (const char* piece : {".", "!", ". ", "a.b", "\"", "?)", " ", ".\u201d"}) {
    std::string run;
    while (run.size() < 1 << 20) run += piece;
    split(none, run);  // quadratic time would take minutes
    EXPECT_FALSE(cut(run).size() > run.size());
  }
  EXPECT_TRUE(split(none, "").empty());
  EXPECT_TRUE(split(none, " \n ").empty());
}

using PunktParametersTest = FolderTest;

TEST_F(PunktParametersTest, AreTheSameAfterSaveAndLoad) {
  const Json truth = read_fixture("punkt.json");
  const PunktParameters trained = train(truth["text"].get<std::string>(), 100);
  trained.save(folder_ / "punkt.json");
  const PunktParameters loaded = PunktParameters::load(folder_ / "punkt.json");
  expect_nltk_parameters(loaded, truth);
  loaded.save(folder_ / "again.json");
  EXPECT_EQ(read_file(folder_ / "punkt.json"), read_file(folder_ / "again.json"));
}

TEST_F(PunktParametersTest, AreReadFromNltksFolder) {
  write("tab/abbrev_types.txt", "dr\nu.s");
  write("tab/sent_starters.txt", "however\n");
  write("tab/collocations.tab", "##number##\tcentury");
  write("tab/ortho_context.tab", "the\t46\nriver\t32\n");
  const PunktParameters parameters = PunktParameters::load(folder_ / "tab");
  EXPECT_EQ(texts_of(parameters.abbreviations), (std::set<std::string>{"dr", "u.s"}));
  EXPECT_TRUE(parameters.starters.contains("however"));
  EXPECT_TRUE(parameters.collocations.contains("##number##\ncentury"));
  EXPECT_EQ(parameters.orthography.value_or_default("the"), 46);
  EXPECT_EQ(split(parameters, "Dr. Smith came. It was late."), (Words{"Dr. Smith came.", "It was late."}));
}

TEST_F(PunktParametersTest, RefuseOtherFiles) {
  const auto load = [&](const char* content) {
    write("p.json", content);
    return message_of([&] { PunktParameters::load(folder_ / "p.json"); });
  };
  EXPECT_NE(load("{}").find("must be a file of Punkt parameters"), std::string::npos);
  EXPECT_NE(load(R"({"format":"punkt"})").find("must hold the list `abbrev_types`"), std::string::npos);
  EXPECT_NE(load(R"({"format":"punkt","abbrev_types":[1]})").find("must hold strings, but holds an integer"),
            std::string::npos);
  EXPECT_NE(
      load(R"({"format":"punkt","abbrev_types":[],"sent_starters":[],"collocations":[],"ortho_context":{"a":900}})")
          .find("numbers from 0 to 126"),
      std::string::npos);
  write("tab/abbrev_types.txt", "");
  EXPECT_NE(message_of([&] { PunktParameters::load(folder_ / "tab"); }).find("sent_starters.txt"), std::string::npos);
}

TEST(PunktTrainer, GivesTheSameForAnyNumberOfThreads) {
  std::string text;
  const std::string once = read_fixture("punkt.json")["text"];
  while (text.size() < 4 << 20) text += once;
  set_thread_count(1);
  const PunktParameters one = train(text, 1000000);
  set_thread_count(4);
  const PunktParameters four = train(text, 1000000);
  set_thread_count(2);
  EXPECT_EQ(texts_of(one.abbreviations), texts_of(four.abbreviations));
  EXPECT_EQ(texts_of(one.starters), texts_of(four.starters));
  EXPECT_EQ(texts_of(one.collocations), texts_of(four.collocations));
  for (const auto& entry : one.orthography.entries())
    EXPECT_EQ(four.orthography.value_or_default(one.orthography.text_of(entry)), entry.value);
}

}  // namespace
}  // namespace retort::corpus
