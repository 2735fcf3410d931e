// SQuAD v2.0 scores as a function of the threshold on the odds of "no answer": the best threshold, and precision-recall
// curves. Questions are sorted by their odds; the sort is stable, as in Python.
#pragma once

#include <vector>

#include "retort/metric/squad_score.h"

namespace retort::metric {

// A question with odds; `score` is its exact match or F1, 0..1, before thresholding.
struct ThresholdEntry {
  double odds = 0;
  double score = 0;
  bool has_answer = false;       // according to the gold data
  bool predicts_answer = false;  // the predicted text is not empty
  bool is_scored = false;        // the question has a prediction
};

struct BestThreshold {
  double score = 0;  // sum of scores, not divided
  double threshold = 0;
};

// The best sum of scores over all thresholds: a question with odds above the threshold counts as "no answer". All
// `impossible_questions` of the data set count as right at first. `entries` are sorted by odds.
BestThreshold find_best_threshold(const std::vector<ThresholdEntry>& entries, int64_t impossible_questions);

// The curve and its average precision (0..1) over `entries` sorted by odds; `positives`: answerable questions, at
// least 1.
double compute_precision_recall(const std::vector<ThresholdEntry>& entries, int64_t positives,
                                PrecisionRecallCurve& curve);

}  // namespace retort::metric
