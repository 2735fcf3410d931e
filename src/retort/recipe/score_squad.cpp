#include "retort/recipe/score_squad.h"

#include <algorithm>
#include <optional>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/folder.h"
#include "retort/base/log.h"
#include "retort/base/output_path.h"
#include "retort/data/squad/squad_reader.h"
#include "retort/metric/squad_prediction_files.h"
#include "retort/metric/squad_score.h"

namespace retort::recipe {
namespace {

constexpr const char* kCurvesFile = "pr_curves.json";

std::vector<metric::GoldAnswers> gold_of(const data::SquadData& data) {
  std::vector<metric::GoldAnswers> gold;
  gold.reserve(data.examples.size());
  for (const data::SquadExample& example : data.examples) {
    gold.push_back({example.id, {}});
    for (const data::SquadAnswer& answer : example.answers) gold.back().answers.push_back(answer.text);
  }
  return gold;
}

void warn_of_missing(const metric::SquadScores& scores, bool is_v2) {
  if (scores.missing_ids.empty()) return;
  log_warning("{} questions have no prediction (the first is `{}`) and {}", scores.missing_ids.size(),
              scores.missing_ids.front(), is_v2 ? "are omitted from the scores, as in the official script" : "score 0");
}

void write_curves(const std::string& folder, const metric::SquadScores& scores) {
  Json curves;
  for (const auto& [name, curve] :
       {std::pair("pr_exact", &scores.pr_exact), {"pr_f1", &scores.pr_f1}, {"pr_oracle", &scores.pr_oracle}})
    curves[name] = {{"precisions", curve->precisions}, {"recalls", curve->recalls}};
  make_folder(folder);
  write_json_file(fs::path(folder) / kCurvesFile, curves);
}

}  // namespace

void ScoreSquadConfig::fields(FieldList& list) {
  list.add("data_file", data_file,
           {.help = "SQuAD file with the gold answers.", .aliases = {"dev_file"}, .required = true});
  list.add("predictions_file", predictions_file,
           {.help = "JSON object from question ids to answers.", .required = true});
  list.add(
      "null_odds_file", null_odds_file,
      {.help = "JSON object from question ids to the odds of \"no answer\" (SQuAD v2.0); adds the best thresholds.",
       .aliases = {"na_prob_file"}});
  list.add("na_prob_thresh", na_prob_thresh,
           {.help = "Odds above this count as \"no answer\", whatever the prediction is."});
  list.add("version_2_with_negative", version_2_with_negative,
           {.help = "Score as SQuAD v2.0 even when the file has no impossible question."});
  list.add(
      "out_image_dir", out_image_dir,
      {.help = "Folder for pr_curves.json, the points of the precision-recall curves; adds the average precisions."});
}

Json score_squad(const ScoreSquadConfig& config) {
  if (!config.out_image_dir.empty())
    check_is_no_input("out_image_dir", fs::path(config.out_image_dir) / kCurvesFile,
                      {{"data_file", config.data_file},
                       {"predictions_file", config.predictions_file},
                       {"null_odds_file", config.null_odds_file}});
  const data::SquadData data = data::read_squad(config.data_file, {.version_2_with_negative = true});
  if (!data.examples.empty() && !data.has_answers())
    throw UserError("`{}` must have gold answers, but has none; choose the file that the predictions belong to",
                    config.data_file);
  const bool is_v2 = config.version_2_with_negative || data.has_impossible();
  if (!is_v2 && !config.null_odds_file.empty())
    throw UserError(
        "`null_odds_file` requires SQuAD v2.0, but `{}` has no impossible question; pass "
        "--version_2_with_negative to score it as v2.0 anyway",
        config.data_file);
  if (config.null_odds_file.empty() && !config.out_image_dir.empty())
    throw UserError(
        "`out_image_dir` requires `null_odds_file`, but none is given; precision-recall curves need its odds");
  const metric::Predictions predictions = metric::read_predictions(config.predictions_file);
  std::optional<metric::NullOdds> null_odds;
  if (!config.null_odds_file.empty()) null_odds = metric::read_null_odds(config.null_odds_file);
  const metric::SquadScoreOptions options{.version = is_v2 ? metric::SquadVersion::kV2 : metric::SquadVersion::kV1,
                                          .na_prob_thresh = config.na_prob_thresh,
                                          .precision_recall = !config.out_image_dir.empty()};
  metric::SquadScores scores =
      metric::score_squad(gold_of(data), predictions, null_odds ? &*null_odds : nullptr, options);
  warn_of_missing(scores, is_v2);
  if (!scores.missing_ids.empty()) scores.values["missing"] = scores.missing_ids.size();
  if (options.precision_recall) write_curves(config.out_image_dir, scores);
  return scores.values;
}

}  // namespace retort::recipe
