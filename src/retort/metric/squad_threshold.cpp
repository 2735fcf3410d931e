#include "retort/metric/squad_threshold.h"

namespace retort::metric {

BestThreshold find_best_threshold(const std::vector<ThresholdEntry>& entries, int64_t impossible_questions) {
  double score = static_cast<double>(impossible_questions);
  BestThreshold best{score, 0};
  for (const ThresholdEntry& entry : entries) {
    if (!entry.is_scored) continue;
    score += entry.has_answer ? entry.score : entry.predicts_answer ? -1 : 0;
    if (score > best.score) best = {score, entry.odds};
  }
  return best;
}

double compute_precision_recall(const std::vector<ThresholdEntry>& entries, int64_t positives,
                                PrecisionRecallCurve& curve) {
  curve = {{1.0}, {0.0}};
  double true_positives = 0, average = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].has_answer) true_positives += entries[i].score;
    if (i + 1 < entries.size() && entries[i].odds == entries[i + 1].odds) continue;  // equal odds have one threshold
    const double precision = true_positives / static_cast<double>(i + 1),
                 recall = true_positives / static_cast<double>(positives);
    average += precision * (recall - curve.recalls.back());
    curve.precisions.push_back(precision);
    curve.recalls.push_back(recall);
  }
  return average;
}

}  // namespace retort::metric
