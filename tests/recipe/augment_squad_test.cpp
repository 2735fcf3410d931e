// `retort data augment squad`: paragraphs with answers in their places, which `retort finetune squad` reads.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>

#include "recipe/augment_settings.h"
#include "retort/base/error.h"
#include "retort/data/squad/squad_reader.h"
#include "retort/recipe/augment_squad.h"

namespace retort::recipe {
namespace {

AugmentSquadConfig augment_squad_settings(const fs::path& output) {
  AugmentSquadConfig config{.augment = tiny::augment_settings(), .train_file = tiny::train_file()};
  config.augment.passes = 4;
  config.augment.output_file = output;
  return config;
}

// Expects the context at each answer's offset to equal the answer's text.
void expect_answers_in_place(const fs::path& path) {
  const data::SquadData data = data::read_squad(path, {.is_training = true});
  EXPECT_EQ(data.skipped.count, 0);
  for (const data::SquadExample& example : data.examples) {
    const text::Range range = example.answers[0].context_bytes;
    EXPECT_EQ(
        data.context_of(example).substr(static_cast<size_t>(range.begin), static_cast<size_t>(range.end - range.begin)),
        example.answers[0].text)
        << example.id;
  }
}

// Writes one question whose context has two chunks and ends with the answer.
fs::path write_long_context(const fs::path& path) {
  std::string context;
  for (int i = 0; i < 130; ++i) context += "old dog slept near ";
  context += "sea";
  const Json answer{{"text", "sea"}, {"answer_start", context.size() - 3}};
  write_json_file(
      path,
      {{"version", "1.1"},
       {"data",
        {{{"title", "t"},
          {"paragraphs",
           {{{"context", context}, {"qas", {{{"id", "1"}, {"question", "where?"}, {"answers", {answer}}}}}}}}}}}});
  return path;
}

// The indexes of the words in which a variant's context differs from the original.
std::set<size_t> changed_places(const Json& paragraph, const Json& variant) {
  const auto split = [](const Json& json) {
    std::istringstream stream(json["context"].get<std::string>());
    return std::vector<std::string>(std::istream_iterator<std::string>(stream), {});
  };
  const auto before = split(paragraph), after = split(variant);
  EXPECT_EQ(before.size(), after.size());
  std::set<size_t> places;
  for (size_t i = 0; i < std::min(before.size(), after.size()); ++i)
    if (before[i] != after[i]) places.insert(i);
  return places;
}

TEST(AugmentSquad, AppendsParagraphsWithAnswersInPlace) {
  const tiny::TemporaryFolder folder;
  const Json result = augment_squad(augment_squad_settings(folder / "aug.json"));
  const Json given = read_json_file(tiny::train_file()), made = read_json_file(folder / "aug.json");
  ASSERT_EQ(made["data"].size(), given["data"].size());
  int64_t appended = 0;
  for (size_t a = 0; a < given["data"].size(); ++a) {
    const Json &old_ones = given["data"][a]["paragraphs"], &all = made["data"][a]["paragraphs"];
    EXPECT_EQ(made["data"][a]["title"], given["data"][a]["title"]);
    for (size_t p = 0; p < old_ones.size(); ++p) EXPECT_EQ(all[p], old_ones[p]);
    appended += static_cast<int64_t>(all.size() - old_ones.size());
  }
  EXPECT_EQ(result["variants"], appended);
  EXPECT_GT(appended, 0);
  expect_answers_in_place(folder / "aug.json");
  EXPECT_NE(tiny::message_of([&] {
              AugmentSquadConfig again = augment_squad_settings(folder / "twice.json");
              again.train_file = folder / "aug.json";
              augment_squad(again);
            }).find("must not be augmented already"),
            std::string::npos);
}

TEST(AugmentSquad, TheSameForAnyNumberOfThreads) {
  const tiny::TemporaryFolder folder;
  std::set<std::string> contents;
  for (const int64_t threads : {1, 2, 5}) {
    AugmentSquadConfig config = augment_squad_settings(folder / std::to_string(threads));
    config.augment.inference.threads = threads;
    config.augment.inference.max_tokens_per_batch = 200;
    augment_squad(config);
    contents.insert(read_file(folder / std::to_string(threads)));
  }
  EXPECT_EQ(contents.size(), 1u);
}

TEST(AugmentSquad, TakesASampleOfParagraphs) {
  const tiny::TemporaryFolder folder;
  AugmentSquadConfig config = augment_squad_settings(folder / "aug.json");
  config.max_train_paragraphs = 3;
  EXPECT_EQ(augment_squad(config)["paragraphs"], 3);
  const Json all = read_json_file(tiny::train_file()), made = read_json_file(folder / "aug.json");
  std::set<std::string> contexts, given;
  for (const Json& article : all["data"])
    for (const Json& paragraph : article["paragraphs"]) given.insert(paragraph["context"].get<std::string>());
  for (const Json& article : made["data"])
    for (const Json& paragraph : article["paragraphs"])
      if (given.contains(paragraph["context"])) contexts.insert(paragraph["context"].get<std::string>());
  EXPECT_EQ(contexts.size(), 3u);
  expect_answers_in_place(folder / "aug.json");
}

TEST(AugmentSquad, FinetuneReadsIt) {
  const tiny::TemporaryFolder folder;
  augment_squad(augment_squad_settings(folder / "aug.json"));
  FinetuneSquadConfig training = tiny::squad_settings(folder / "out");
  training.data.train_file = folder / "aug.json";
  training.training.max_steps = 2;
  EXPECT_EQ(finetune_squad(training)["train_steps"], 2);
}

TEST(AugmentSquad, WordsOfLaterChunksAreReplacedInTheirPlace) {
  const tiny::TemporaryFolder folder;
  AugmentSquadConfig config = augment_squad_settings(folder / "aug.json");
  config.train_file = write_long_context(folder / "train.json");
  config.augment.probability = 1;
  augment_squad(config);
  const Json made = read_json_file(folder / "aug.json")["data"][0]["paragraphs"];
  ASSERT_GE(made.size(), 2u);
  const std::set<size_t> places = changed_places(made[0], made[1]);
  EXPECT_TRUE(std::any_of(places.begin(), places.end(), [](size_t i) { return i >= 400; }));
  EXPECT_FALSE(places.contains(520));  // the answer
  expect_answers_in_place(folder / "aug.json");

  config.augment.output_file = folder / "published.json";
  config.later_words_overwrite_first = true;
  augment_squad(config);
  const Json published = read_json_file(folder / "published.json")["data"][0]["paragraphs"];
  for (const size_t place : changed_places(published[0], published[1])) EXPECT_LT(place, 400u);
}

TEST(AugmentSquad, Version2IsRefused) {
  const tiny::TemporaryFolder folder;
  AugmentSquadConfig config = augment_squad_settings(folder / "aug.json");
  config.train_file = tiny::train_file_v2();
  EXPECT_NE(tiny::message_of([&] { augment_squad(config); }).find("must be SQuAD v1.1, but is SQuAD v2.0"),
            std::string::npos);
  config.train_file = "";
  EXPECT_EQ(tiny::message_of([&] { augment_squad(config); }),
            "`train_file` or `data_dir` must be given, but both are missing");
  EXPECT_FALSE(fs::exists(folder / "aug.json"));
}

}  // namespace
}  // namespace retort::recipe
