// `retort finetune squad` from end to end: the loss falls, the folder holds the documented files, and evaluating it
// gives the scores that training printed.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "recipe/tiny_world.h"
#include "retort/base/error.h"
#include "retort/recipe/evaluate_squad.h"

namespace retort::recipe {
namespace {

// The mean of `count` logged losses from the step `first` on; -1 when the log holds fewer.
double mean_loss(const fs::path& output_dir, size_t first, size_t count) {
  std::istringstream lines(read_file(output_dir / "train_log.jsonl"));
  std::vector<double> losses;
  for (std::string line; std::getline(lines, line);) {
    const std::string key = "\"loss\":";
    const size_t place = line.find(key);
    if (place != std::string::npos) losses.push_back(std::stod(line.substr(place + key.size())));
  }
  if (losses.size() < first + count) return -1;
  double sum = 0;
  for (size_t i = first; i < first + count; ++i) sum += losses[i];
  return sum / static_cast<double>(count);
}

struct Variant {
  const char* precision;
  const char* kernels;
  bool is_distilbert;
};

void PrintTo(const Variant& variant, std::ostream* out) {
  *out << variant.precision << "_" << variant.kernels << (variant.is_distilbert ? "_distilbert" : "_bert");
}

class FinetuneSquad : public testing::TestWithParam<Variant> {};

// A random model begins near the loss of a uniform guess, ln(64 tokens) = 4.2. In 60 steps it learns at least that the
// question holds no answers, that most windows hold none, and that start and end are close.
TEST_P(FinetuneSquad, LossFalls) {
  const tiny::TemporaryFolder folder;
  FinetuneSquadConfig config = tiny::squad_settings(folder / "out");
  if (GetParam().is_distilbert) config.model.model = tiny::distilbert_folder();
  config.training.precision = GetParam().precision;
  config.training.kernels = GetParam().kernels;
  config.training.max_steps = 60;
  config.training.per_device_train_batch_size = 8;
  config.training.learning_rate = 3e-3;
  const Json results = finetune_squad(config);
  const double first = mean_loss(folder / "out", 0, 5), last = mean_loss(folder / "out", 50, 10);
  EXPECT_GT(first, 3.0);
  EXPECT_LT(first, 6.0);
  EXPECT_LT(last, 0.75 * first) << "no learning";
  EXPECT_GT(last, 0.2) << "too good to be true";
  EXPECT_EQ(results["train_steps"], 60);
  EXPECT_EQ(results["skipped_steps"], 0);
}

INSTANTIATE_TEST_SUITE_P(All, FinetuneSquad,
                         testing::Values(Variant{"fp32", "fused", false}, Variant{"fp32", "reference", false},
                                         Variant{"bf16", "fused", false}, Variant{"bf16", "reference", false},
                                         Variant{"fp32", "fused", true}),
                         testing::PrintToStringParamName());

EvaluateSquadConfig evaluation_of(const FinetuneSquadConfig& finetune, const fs::path& output_dir) {
  EvaluateSquadConfig config;
  config.model.model = finetune.output.output_dir;
  config.data = finetune.data;
  config.inference.precision = finetune.training.precision;
  config.inference.threads = finetune.training.threads;
  config.output_dir = output_dir;
  return config;
}

void expect_equal_scores(const Json& scores, const Json& expected) {
  size_t compared = 0;
  for (const auto& [key, value] : expected.items()) {
    if (key.starts_with("eval_") || key.starts_with("train_") || !scores.contains(key)) continue;
    EXPECT_EQ(scores[key], value) << key;
    ++compared;
  }
  EXPECT_GE(compared, 3u);
}

TEST(FinetuneSquadFolder, EvaluatesToTheScoresOfTheRun) {
  for (const char* precision : {"fp32", "bf16"}) {
    const tiny::TemporaryFolder folder;
    FinetuneSquadConfig config = tiny::squad_settings(folder / "out");
    config.data.dev_file = tiny::dev_file();
    config.training.precision = precision;
    config.training.learning_rate = 1e-3;
    config.training.max_steps = 20;
    const Json results = finetune_squad(config);
    for (const char* key : {"exact", "f1", "total", "train_steps", "train_sequences_per_second", "train_loss"})
      EXPECT_TRUE(results.contains(key)) << key;
    EXPECT_EQ(results["total"], 8);
    EXPECT_EQ(read_json_file(folder / "out/results.json"), results);

    const Json scores = evaluate_squad(evaluation_of(config, folder / "evaluation"));
    expect_equal_scores(scores, results);
    for (const char* name : {"predictions.json", "nbest_predictions.json"})
      EXPECT_EQ(read_file(folder / "evaluation" / name), read_file(folder / "out" / name)) << precision << " " << name;
    EXPECT_FALSE(fs::exists(folder / "evaluation/null_odds.json"));
    EXPECT_TRUE(fs::exists(folder / "evaluation/DONE"));
  }
}

TEST(FinetuneSquadFolder, HoldsTheDocumentedFiles) {
  const tiny::TemporaryFolder folder;
  FinetuneSquadConfig config = tiny::squad_settings(folder / "out");
  config.data.dev_file = tiny::dev_file();
  config.training.tensorboard = true;
  finetune_squad(config);
  for (const char* name : {"config.json", "model.safetensors", "vocab.txt", "tokenizer.json", "tokenizer_config.json",
                           "README.md", "predictions.json", "nbest_predictions.json", "results.json",
                           "retort_config.json", "train_log.jsonl", "runs", "DONE"})
    EXPECT_TRUE(fs::exists(folder / "out" / name)) << name;
  EXPECT_EQ(read_json_file(folder / "out/config.json")["architectures"], Json({"BertForQuestionAnswering"}));
  EXPECT_EQ(read_json_file(folder / "out/retort_config.json")["max_steps"], 6);
}

TEST(FinetuneSquadFolder, OfVersion2HoldsNullOdds) {
  const tiny::TemporaryFolder folder;
  FinetuneSquadConfig config = tiny::squad_settings(folder / "out");
  config.data.train_file = tiny::train_file_v2();
  config.data.dev_file = tiny::dev_file_v2();
  config.data.features.version_2_with_negative = true;
  const Json results = finetune_squad(config);
  for (const char* key : {"exact", "f1", "total", "HasAns_exact", "HasAns_total", "NoAns_exact", "NoAns_total",
                          "best_exact", "best_exact_thresh", "best_f1", "best_f1_thresh"})
    EXPECT_TRUE(results.contains(key)) << key;
  EXPECT_EQ(results["HasAns_total"], 6);
  EXPECT_EQ(results["NoAns_total"], 2);
  EXPECT_EQ(read_json_file(folder / "out/null_odds.json").size(), 8u);

  EvaluateSquadConfig evaluation = evaluation_of(config, folder / "evaluation");
  evaluation.data.features.version_2_with_negative = false;  // the file says so itself
  expect_equal_scores(evaluate_squad(evaluation), results);
  EXPECT_EQ(read_file(folder / "evaluation/null_odds.json"), read_file(folder / "out/null_odds.json"));
}

TEST(FinetuneSquadFolder, EndsWithTheBestModelWhenAsked) {
  const tiny::TemporaryFolder folder;
  FinetuneSquadConfig config = tiny::squad_settings(folder / "out");
  config.data.dev_file = tiny::dev_file();
  config.training.learning_rate = 1e-3;
  config.training.evaluate_during_training = true;
  config.training.eval_steps = 2;
  config.training.load_best_model_at_end = true;
  config.training.save_total_limit = 1;
  const Json results = finetune_squad(config);
  double best = 0;
  std::istringstream lines(read_file(folder / "out/train_log.jsonl"));
  for (std::string text; std::getline(lines, text);) {
    const Json line = Json::parse(text);
    const Json values = line.contains("values") ? line["values"] : line;
    if (values.contains("f1")) best = std::max(best, values["f1"].get<double>());
  }
  EXPECT_EQ(results["f1"].get<double>(), best);
}

}  // namespace
}  // namespace retort::recipe
