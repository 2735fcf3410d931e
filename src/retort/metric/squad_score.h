// The official SQuAD scores: v1.1 (evaluate-v1.1.py) and v2.0 (evaluate-v2.0.py, with thresholds and precision-recall
// analysis), every key of their output. Input: gold answers and a predictions file; output: percentages.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "retort/base/json.h"

namespace retort::metric {

// A question and all its right answers; none: the question is impossible.
struct GoldAnswers {
  std::string id;
  std::vector<std::string> answers;
};

using Predictions = std::unordered_map<std::string, std::string>;  // id -> answer
using NullOdds = std::vector<std::pair<std::string, double>>;      // id -> odds of "no answer", in the file's order

enum class SquadVersion { kV1, kV2 };

struct SquadScoreOptions {
  SquadVersion version = SquadVersion::kV1;
  double na_prob_thresh = 1.0;    // v2.0 with null odds: a prediction counts as "" when its odds exceed this
  bool precision_recall = false;  // v2.0 with null odds: also average precision and the curves
};

// Points of a precision-recall curve, both in 0..1, from (precision 1, recall 0).
struct PrecisionRecallCurve {
  std::vector<double> precisions, recalls;
};

struct SquadScores {
  // In the official order. v1.1: exact, f1, total, exact_match (the official name of exact). v2.0: exact, f1, total,
  // HasAns_*, NoAns_*, then best_* with null odds, then pr_*_ap on request. Percent, but for totals and thresholds.
  Json values;
  std::vector<std::string>
      missing_ids;  // questions without a prediction: v1.1 counts them as wrong, v2.0 leaves them out
  PrecisionRecallCurve pr_exact, pr_f1, pr_oracle;
};

// Scores `predictions`. `null_odds` may be null. Predictions of other questions are ignored. Throws UserError when
// there is no question, no question has a prediction (v2.0), or null odds lack a question that has a prediction.
SquadScores score_squad(const std::vector<GoldAnswers>& gold, const Predictions& predictions, const NullOdds* null_odds,
                        const SquadScoreOptions& options);

// Files of one JSON object: id -> text, id -> number. Throws UserError that names the id of a value of another type.
Predictions read_predictions(const std::filesystem::path& path);
NullOdds read_null_odds(const std::filesystem::path& path);

}  // namespace retort::metric
