// `retort data augment glue`: variants of rows, which `retort finetune glue` reads, and what it refuses.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "recipe/augment_settings.h"
#include "retort/base/error.h"
#include "retort/data/glue/glue_set.h"

namespace retort::recipe {
namespace {

AugmentGlueConfig augment_glue_settings(const std::string& task, const fs::path& output) {
  AugmentGlueConfig config{.augment = tiny::augment_settings(), .task_name = task};
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

TEST(AugmentGlue, RowsAreTheRowAndItsVariants) {
  const tiny::TemporaryFolder folder;
  const Json result = augment_glue(augment_glue_settings("mrpc", folder / "aug.tsv"));
  const auto given = read_rows(fs::path(RETORT_FIXTURES) / "glue/data/MRPC/train.tsv"),
             rows = read_rows(folder / "aug.tsv");
  EXPECT_EQ(rows[0].size(), 5u);
  EXPECT_EQ(rows[0][3], "#1 String");
  EXPECT_EQ(result["rows"], given.size() - 1);
  EXPECT_EQ(result["augmented_rows"], rows.size() - 1);
  size_t at = 1;
  for (size_t i = 1; i < given.size(); ++i) {
    ASSERT_LT(at, rows.size());
    EXPECT_EQ(rows[at], given[i]);  // the original row comes first
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
  AugmentGlueConfig config = augment_glue_settings("mrpc", folder / "aug.tsv");
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
    AugmentGlueConfig config = augment_glue_settings(std::string(task.name), "");
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
  AugmentGlueConfig config = augment_glue_settings("SST-2", "");
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
    AugmentGlueConfig config = augment_glue_settings("mrpc", folder / std::to_string(threads));
    config.augment.inference.threads = threads;
    config.augment.inference.max_tokens_per_batch = 200;
    augment_glue(config);
    contents.insert(read_file(folder / std::to_string(threads)));
  }
  EXPECT_EQ(contents.size(), 1u);
  AugmentGlueConfig other = augment_glue_settings("mrpc", folder / "other");
  other.augment.seed = 7;
  augment_glue(other);
  EXPECT_FALSE(contents.contains(read_file(folder / "other")));
}

TEST(AugmentGlue, ProbabilityZeroKeepsTheFile) {
  const tiny::TemporaryFolder folder;
  AugmentGlueConfig config = augment_glue_settings("qnli", folder / "aug.tsv");
  config.augment.probability = 0;
  augment_glue(config);
  EXPECT_EQ(read_rows(folder / "aug.tsv"), read_rows(fs::path(RETORT_FIXTURES) / "glue/data/QNLI/train.tsv"));
}

TEST(AugmentGlue, PassesAreThePublishedOnes) {
  const std::map<std::string, int64_t> published{{"cola", 30},  {"mnli", 10}, {"mrpc", 30}, {"sst-2", 20},
                                                 {"sts-b", 30}, {"qqp", 10},  {"qnli", 20}, {"rte", 30}};
  for (const auto& [task, passes] : published) EXPECT_EQ(published_passes(task), passes) << task;
}

TEST(AugmentGlue, WrongInputIsRefused) {
  const tiny::TemporaryFolder folder;
  const auto message = [&](const std::function<void(AugmentGlueConfig&)>& change) {
    AugmentGlueConfig config = augment_glue_settings("mrpc", folder / "aug.tsv");
    change(config);
    return tiny::message_of([&] { augment_glue(config); });
  };
  EXPECT_EQ(message([](auto& config) { config.task_name = "SQuADv1.1"; }),
            "`task_name` must be a GLUE task, but is `SQuADv1.1`; use `retort data augment squad`");
  EXPECT_NE(message([](auto& config) { config.task_name = "mrcp"; }).find("did you mean `mrpc`?"), std::string::npos);
  EXPECT_NE(message([](auto& config) {
              config.augment.model.model = tiny::bert_folder();
            }).find("must hold every parameter of BertForMaskedLM, but lacks cls.predictions"),
            std::string::npos);
  EXPECT_NE(message([](auto& config) { config.augment.glove_embs = "nowhere.txt"; }).find("nowhere.txt"),
            std::string::npos);
  EXPECT_NE(message([&](auto& config) {
              config.augment.output_dir = folder.path();
            }).find("must be given without `output_dir`"),
            std::string::npos);
  const fs::path vectors = fs::path(folder.path()) / "vectors.txt";
  fs::copy_file(tiny::augment_settings().glove_embs, vectors);
  EXPECT_NE(message([&](auto& config) {
              config.augment.glove_embs = config.augment.output_file = vectors;
              config.augment.overwrite_output_file = true;
            }).find("must be another file than `glove_embs`"),
            std::string::npos);
  EXPECT_EQ(read_file(vectors), read_file(tiny::augment_settings().glove_embs));
  EXPECT_NE(message([&](auto& config) { config.augment.output_file = folder.path(); }).find("but is a folder"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(folder / "aug.tsv"));
}

}  // namespace
}  // namespace retort::recipe
