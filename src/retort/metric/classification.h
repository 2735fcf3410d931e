// Classification scores, equal to scikit-learn's. All functions take predicted and true classes of equal count, [B]
// each, and are symmetric. Without examples the result is NaN (scikit-learn raises an error).
#pragma once

#include <cstdint>
#include <span>

namespace retort::metric {

// Share of examples where both are equal, 0..1 (accuracy_score).
double compute_accuracy(std::span<const int32_t> predicted, std::span<const int32_t> labels);

// F1 of class 1 (f1_score): 2 TP / (2 TP + FP + FN); 0 when class 1 is neither predicted nor true.
double compute_binary_f1(std::span<const int32_t> predicted, std::span<const int32_t> labels);

// Matthews correlation, -1..1, for any number of classes (matthews_corrcoef; Gorodkin, Comput. Biol. Chem. 28, 2004);
// 0 when one side has only one class. Classes must be >= 0.
double compute_matthews(std::span<const int32_t> predicted, std::span<const int32_t> labels);

}  // namespace retort::metric
