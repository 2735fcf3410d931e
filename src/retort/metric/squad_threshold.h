// SQuAD v2.0 scores as a function of the threshold on the odds of "no answer": the best threshold, and precision-recall
// curves. Works on questions sorted by their odds; equal odds keep the order of the odds file, as Python's sort does.
#pragma once

#include <vector>

#include "retort/metric/squad_score.h"

namespace retort::metric {

// A question with odds; `score` is its exact match or F1, 0..1, before any threshold.
struct ThresholdEntry {
  double odds = 0;
  double score = 0;
  bool has_answer = false;       // by the gold data
  bool predicts_answer = false;  // the predicted text is not empty
  bool is_scored = false;        // it has a prediction
};

struct BestThreshold {
  double score = 0;  // sum of scores, not yet divided
  double threshold = 0;
};

// The best sum of scores when every question with odds above a threshold counts as "no answer"; `impossible_questions`
// of the whole data set start as right. `entries` sorted by odds.
BestThreshold find_best_threshold(const std::vector<ThresholdEntry>& entries, int64_t impossible_questions);

// Curve and its average precision (0..1) over `entries` sorted by odds; `positives` answerable questions, at least 1.
double compute_precision_recall(const std::vector<ThresholdEntry>& entries, int64_t positives,
                                PrecisionRecallCurve& curve);

}  // namespace retort::metric
