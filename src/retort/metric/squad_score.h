// The official SQuAD scores: v1.1 (evaluate-v1.1.py) and v2.0 (evaluate-v2.0.py, with thresholds and precision-recall
// analysis), with all keys of their output. Input: gold answers and predictions; output: percentages.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "retort/base/json.h"

namespace retort::metric {

// A question and its gold answers; no answers: the question is impossible.
struct GoldAnswers {
  std::string id;
  std::vector<std::string> answers;
};

using Predictions = std::unordered_map<std::string, std::string>;  // id -> answer
using NullOdds = std::vector<std::pair<std::string, double>>;  // id -> odds of "no answer", in the order of the file

enum class SquadVersion { kV1, kV2 };

struct SquadScoreOptions {
  SquadVersion version = SquadVersion::kV1;
  double na_prob_thresh = 1.0;    // v2.0 with null odds: a prediction counts as "" when its odds exceed this
  bool precision_recall = false;  // v2.0 with null odds: also compute average precision and the curves
};

// A precision-recall curve, both values in 0..1, from (precision 1, recall 0).
struct PrecisionRecallCurve {
  std::vector<double> precisions, recalls;
};

struct SquadScores {
  // In the official order. v1.1: exact, f1, total, exact_match (the official name of exact), HasAns_*, as transformers'
  // evaluation of v1.1 has them, and NoAns_* where a question has no answer. v2.0: exact, f1, total, HasAns_*, NoAns_*,
  // then best_* with null odds, then pr_*_ap on request. Percent, except for totals and thresholds.
  Json values;
  std::vector<std::string> missing_ids;  // questions without a prediction: v1.1 counts them as wrong, v2.0 skips them
  PrecisionRecallCurve pr_exact, pr_f1, pr_oracle;
};

// Scores `predictions`. `null_odds` may be null. Ignores predictions of unknown questions. Throws UserError when there
// is no question, no question has a prediction (v2.0), or null odds lack a question that has a prediction.
SquadScores score_squad(const std::vector<GoldAnswers>& gold, const Predictions& predictions, const NullOdds* null_odds,
                        const SquadScoreOptions& options);

}  // namespace retort::metric
