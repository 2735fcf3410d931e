// Augmentation from end to end: candidates against transformers and numpy (`tools/make_fixtures.py augment`), the
// laws of the variants, the files that training reads, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "recipe/tiny_world.h"
#include "retort/base/error.h"
#include "retort/base/thread.h"
#include "retort/data/glue_set.h"
#include "retort/data/squad_reader.h"
#include "retort/recipe/augment_candidates.h"
#include "retort/recipe/augment_glue.h"
#include "retort/recipe/augment_squad.h"
#include "retort/recipe/model_folder.h"

namespace retort::recipe {
namespace {

fs::path fixture(const std::string& name) { return fs::path(RETORT_FIXTURES) / "augment" / name; }

AugmentConfig short_settings() {
  AugmentConfig config;
  config.model.model = fixture("model");
  config.glove_embs = fixture("glove.txt");
  config.candidates = 8;
  config.inference.precision = "fp32";
  config.inference.threads = 1;
  return config;
}

AugmentGlueConfig glue_settings(const std::string& task, const fs::path& output) {
  AugmentGlueConfig config{.augment = short_settings(), .task_name = task};
  config.data_dir = fs::path(RETORT_FIXTURES) / "glue" / "data";
  config.augment.passes = 5;
  config.augment.output_file = output;
  return config;
}

std::vector<std::vector<std::string>> read_rows(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string>& fields = rows.emplace_back(1);
    for (const char c : line) c == '\t' ? void(fields.emplace_back()) : fields.back().push_back(c);
  }
  return rows;
}

struct Loaded {
  Loaded() {
    set_thread_count(2);
    const auto all = read_json_file(fixture("expected.json"));
    for (const Json& text : all["texts"]) {
      texts.push_back(data::make_augment_text(
          text::basic_words(text["text"].get<std::string>(), loaded.tokenizer->options()), *loaded.tokenizer,
          {.max_chunk_pieces = CandidateFinder::max_chunk_pieces(*loaded.model)}));
      data::collect_words_of_several_pieces(texts.back(), several);
      expected.push_back(text["candidates"]);
    }
    for (const data::AugmentText& text : texts) pointers.push_back(&text);
  }
  LoadedModel loaded = load_model(short_settings().model, {.head = model::Head::kMaskedLm});
  data::GloveVectors vectors = data::GloveVectors::load(fixture("glove.txt"), {});
  std::vector<data::AugmentText> texts;
  std::vector<const data::AugmentText*> pointers;
  std::vector<Json> expected;
  std::set<std::string> several;
};

Json as_json(const std::vector<data::WordCandidates>& candidates) {
  Json json = Json::array();
  for (const data::WordCandidates& candidate : candidates) json.push_back({candidate.word, candidate.words});
  return json;
}

TEST(CandidateFinder, EqualsTransformersAndNumpy) {
  const Loaded all;
  const GloveNeighbors neighbors(all.vectors, all.several, 8);
  for (const int64_t tokens : {64, 700, 100'000}) {
    CandidateFinder finder(*all.loaded.model, *all.loaded.tokenizer, neighbors,
                           {.count = 8, .max_tokens_per_batch = tokens});
    int64_t batches = 0;
    const auto found = finder.find(all.pointers, [&](double share) {
      ++batches;
      EXPECT_LE(share, 1);
    });
    EXPECT_GT(batches, 0);
    ASSERT_EQ(found.size(), all.expected.size());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(as_json(found[i]), all.expected[i]) << "text " << i;
  }
}

TEST(CandidateFinder, AsksOnceAboutIdenticalTexts) {
  const Loaded all;
  const GloveNeighbors neighbors(all.vectors, all.several, 8);
  CandidateFinder finder(*all.loaded.model, *all.loaded.tokenizer, neighbors, {.count = 8});
  std::vector<const data::AugmentText*> twice = all.pointers;
  twice.insert(twice.end(), all.pointers.begin(), all.pointers.end());
  const auto found = finder.find(twice, [](double) {});
  const CandidateCounts once = finder.counts();
  EXPECT_GE(once.shared_words, once.masked_words);
  for (size_t i = 0; i < all.pointers.size(); ++i)
    EXPECT_EQ(as_json(found[i]), as_json(found[i + all.pointers.size()])) << i;
  finder.find(all.pointers, [](double) {});
  EXPECT_EQ(finder.counts().masked_words, once.masked_words);  // known from before
}

// Words that are masked alone, because the text has no others of one piece, get the same candidates; others stay in
// place.
TEST(CandidateFinder, SeveralWordsOfACopyKeepTheirPlaces) {
  const Loaded all;
  const GloveNeighbors neighbors(all.vectors, all.several, 8);
  CandidateFinder alone(*all.loaded.model, *all.loaded.tokenizer, neighbors, {.count = 8});
  CandidateFinder together(*all.loaded.model, *all.loaded.tokenizer, neighbors, {.count = 8, .words_per_copy = 3});
  const auto one = alone.find(all.pointers, [](double) {}), three = together.find(all.pointers, [](double) {});
  EXPECT_EQ(together.counts().masked_words, alone.counts().masked_words);
  EXPECT_LT(together.counts().masked_copies, alone.counts().masked_copies / 2);
  for (size_t i = 0; i < one.size(); ++i) {
    ASSERT_EQ(three[i].size(), one[i].size());
    size_t asked = 0;
    for (const data::WordCandidates& word : one[i]) asked += !all.several.contains(all.texts[i].words[word.word]);
    for (size_t w = 0; w < one[i].size(); ++w) EXPECT_EQ(three[i][w].word, one[i][w].word);
    if (asked <= 1) {
      EXPECT_EQ(as_json(three[i]), as_json(one[i])) << "text " << i;
    }
  }
}

TEST(GreatestIndexes, AreTheFirstOfASortedList) {
  const std::vector<float> scores{1, 5, 3, 5, -2, 4, 3};
  EXPECT_EQ(greatest_indexes(scores, 4), (std::vector<int32_t>{1, 3, 5, 2}));
  EXPECT_EQ(greatest_indexes(scores, 20), (std::vector<int32_t>{1, 3, 5, 2, 6, 0, 4}));
  EXPECT_TRUE(greatest_indexes(scores, 0).empty());
}

TEST(AugmentGlue, RowsAreTheRowAndItsVariants) {
  const tiny::TemporaryFolder folder;
  const Json result = augment_glue(glue_settings("mrpc", folder / "aug.tsv"));
  const auto given = read_rows(fs::path(RETORT_FIXTURES) / "glue/data/MRPC/train.tsv"),
             rows = read_rows(folder / "aug.tsv");
  EXPECT_EQ(rows[0].size(), 5u);
  EXPECT_EQ(rows[0][3], "#1 String");
  EXPECT_EQ(result["rows"], given.size() - 1);
  EXPECT_EQ(result["augmented_rows"], rows.size() - 1);
  size_t at = 1;
  for (size_t i = 1; i < given.size(); ++i) {
    ASSERT_LT(at, rows.size());
    EXPECT_EQ(rows[at], given[i]);  // untouched, first
    size_t first_variants = 0, second_variants = 0;
    std::set<std::vector<std::string>> seen;
    for (; at < rows.size() && rows[at][1] == given[i][1]; ++at) {  // the ids differ from row to row
      EXPECT_TRUE(seen.insert(rows[at]).second) << "a row twice";
      for (const size_t column : {0, 1, 2}) EXPECT_EQ(rows[at][column], given[i][column]);
      first_variants += rows[at][3] != given[i][3], second_variants += rows[at][4] != given[i][4];
      EXPECT_TRUE(rows[at][3] == given[i][3] || rows[at][4] == given[i][4]) << "both texts changed";
    }
    EXPECT_LE(first_variants, 5u);
    EXPECT_LE(second_variants, 5u);
  }
  EXPECT_EQ(at, rows.size());
}

TEST(AugmentGlue, AsPublishedTheSecondTextStandsBesideTheLastVariant) {
  const tiny::TemporaryFolder folder;
  AugmentGlueConfig config = glue_settings("mrpc", folder / "aug.tsv");
  config.second_text_beside_last_variant = true;
  augment_glue(config);
  const auto rows = read_rows(folder / "aug.tsv");
  std::string id, last_first, given_second;
  int64_t beside = 0;
  for (size_t at = 1; at < rows.size(); ++at) {
    if (rows[at][1] != id) id = rows[at][1], given_second = rows[at][4];
    if (rows[at][4] == given_second && rows[at][3] != last_first) {
      last_first = rows[at][3];
    } else {
      EXPECT_EQ(rows[at][3], last_first);
      ++beside;
    }
  }
  EXPECT_GT(beside, 0);
}

TEST(AugmentGlue, EveryTaskIsReadByTraining) {
  for (const data::GlueTask& task : data::glue_tasks()) {
    if (task.dev_file.empty()) continue;
    SCOPED_TRACE(task.name);
    const tiny::TemporaryFolder folder;
    AugmentGlueConfig config = glue_settings(std::string(task.name), "");
    config.augment.output_dir = folder.path();
    const Json result = augment_glue(config);
    const data::GlueData data =
        data::read_glue(data::find_glue_files(folder.path(), task, data::GlueSplit::kTrainAugmented), task, {});
    EXPECT_EQ(result["augmented_rows"], data.examples.size());
    EXPECT_GE(data.examples.size(), result["rows"].get<size_t>());
  }
}

TEST(AugmentGlue, FinetuneReadsIt) {
  const tiny::TemporaryFolder folder;
  fs::copy(fs::path(RETORT_FIXTURES) / "glue/data/SST-2", folder / "SST-2");
  AugmentGlueConfig config = glue_settings("SST-2", "");
  config.data_dir = folder.path();
  const Json result = augment_glue(config);
  EXPECT_EQ(result["output_file"], (folder / "SST-2/train_aug.tsv").string());
  EXPECT_NE(tiny::message_of([&] { augment_glue(config); }).find("train_aug.tsv` must not exist yet, but does"),
            std::string::npos);
  config.augment.overwrite_output_file = true;
  config.augment.output_file = folder / "SST-2/train.tsv";
  EXPECT_NE(tiny::message_of([&] { augment_glue(config); }).find("must be another file than `data_dir`"),
            std::string::npos);
  config.augment.output_file = "";
  EXPECT_EQ(augment_glue(config)["augmented_rows"], result["augmented_rows"]);
  FinetuneGlueConfig training = tiny::glue_settings("sst-2", folder / "out");
  training.data.data_dir = folder.path();
  training.data.aug_train = true;
  training.training.max_steps = 2;
  EXPECT_EQ(finetune_glue(training)["train_steps"], 2);
}

TEST(AugmentGlue, TheSameForAnyNumberOfThreads) {
  const tiny::TemporaryFolder folder;
  std::set<std::string> contents;
  for (const int64_t threads : {1, 2, 5}) {
    AugmentGlueConfig config = glue_settings("mrpc", folder / std::to_string(threads));
    config.augment.inference.threads = threads;
    config.augment.inference.max_tokens_per_batch = 200;
    augment_glue(config);
    contents.insert(read_file(folder / std::to_string(threads)));
  }
  EXPECT_EQ(contents.size(), 1u);
  AugmentGlueConfig other = glue_settings("mrpc", folder / "other");
  other.augment.seed = 7;
  augment_glue(other);
  EXPECT_FALSE(contents.contains(read_file(folder / "other")));
}

TEST(AugmentGlue, ProbabilityZeroKeepsTheFile) {
  const tiny::TemporaryFolder folder;
  AugmentGlueConfig config = glue_settings("qnli", folder / "aug.tsv");
  config.augment.probability = 0;
  augment_glue(config);
  EXPECT_EQ(read_rows(folder / "aug.tsv"), read_rows(fs::path(RETORT_FIXTURES) / "glue/data/QNLI/train.tsv"));
}

TEST(AugmentGlue, PassesAreThePublishedOnes) {
  const std::map<std::string, int64_t> published{{"cola", 30},  {"mnli", 10}, {"mrpc", 30}, {"sst-2", 20},
                                                 {"sts-b", 30}, {"qqp", 10},  {"qnli", 20}, {"rte", 30}};
  for (const auto& [task, passes] : published) EXPECT_EQ(published_passes(task), passes) << task;
}

TEST(AugmentGlue, WrongInputIsToldOf) {
  const tiny::TemporaryFolder folder;
  const auto told = [&](const std::function<void(AugmentGlueConfig&)>& change) {
    AugmentGlueConfig config = glue_settings("mrpc", folder / "aug.tsv");
    change(config);
    return tiny::message_of([&] { augment_glue(config); });
  };
  EXPECT_EQ(told([](auto& config) { config.task_name = "SQuADv1.1"; }),
            "`task_name` must be a task of GLUE, but is `SQuADv1.1`; use `retort data augment squad`");
  EXPECT_NE(told([](auto& config) { config.task_name = "mrcp"; }).find("did you mean `mrpc`?"), std::string::npos);
  EXPECT_NE(told([](auto& config) {
              config.augment.model.model = tiny::bert_folder();
            }).find("must hold every parameter of BertForMaskedLM, but lacks cls.predictions"),
            std::string::npos);
  EXPECT_NE(told([](auto& config) { config.augment.glove_embs = "nowhere.txt"; }).find("nowhere.txt"),
            std::string::npos);
  EXPECT_NE(told([&](auto& config) { config.augment.output_dir = folder.path(); }).find("must stand alone"),
            std::string::npos);
  const fs::path vectors = fs::path(folder.path()) / "vectors.txt";
  fs::copy_file(short_settings().glove_embs, vectors);
  EXPECT_NE(told([&](auto& config) {
              config.augment.glove_embs = config.augment.output_file = vectors;
              config.augment.overwrite_output_file = true;
            }).find("must be another file than `glove_embs`"),
            std::string::npos);
  EXPECT_EQ(read_file(vectors), read_file(short_settings().glove_embs));
  EXPECT_NE(told([&](auto& config) { config.augment.output_file = folder.path(); }).find("but is a folder"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(folder / "aug.tsv"));
}

AugmentSquadConfig squad_settings(const fs::path& output) {
  AugmentSquadConfig config{.augment = short_settings(), .train_file = tiny::train_file()};
  config.augment.passes = 4;
  config.augment.output_file = output;
  return config;
}

// Every question with its answer and what stands at the answer's place.
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

TEST(AugmentSquad, AppendsParagraphsWithAnswersInPlace) {
  const tiny::TemporaryFolder folder;
  const Json result = augment_squad(squad_settings(folder / "aug.json"));
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
              AugmentSquadConfig again = squad_settings(folder / "twice.json");
              again.train_file = folder / "aug.json";
              augment_squad(again);
            }).find("must not be augmented yet"),
            std::string::npos);
}

TEST(AugmentSquad, TheSameForAnyNumberOfThreads) {
  const tiny::TemporaryFolder folder;
  std::set<std::string> contents;
  for (const int64_t threads : {1, 2, 5}) {
    AugmentSquadConfig config = squad_settings(folder / std::to_string(threads));
    config.augment.inference.threads = threads;
    config.augment.inference.max_tokens_per_batch = 200;
    augment_squad(config);
    contents.insert(read_file(folder / std::to_string(threads)));
  }
  EXPECT_EQ(contents.size(), 1u);
}

TEST(AugmentSquad, TakesASampleOfParagraphs) {
  const tiny::TemporaryFolder folder;
  AugmentSquadConfig config = squad_settings(folder / "aug.json");
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
  augment_squad(squad_settings(folder / "aug.json"));
  FinetuneSquadConfig training = tiny::squad_settings(folder / "out");
  training.data.train_file = folder / "aug.json";
  training.training.max_steps = 2;
  EXPECT_EQ(finetune_squad(training)["train_steps"], 2);
}

// A context of two chunks whose answer is at the end.
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

// Words of a new context that are not those of the old one, by place.
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

TEST(AugmentSquad, WordsOfLaterChunksAreReplacedInTheirPlace) {
  const tiny::TemporaryFolder folder;
  AugmentSquadConfig config = squad_settings(folder / "aug.json");
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
  AugmentSquadConfig config = squad_settings(folder / "aug.json");
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
