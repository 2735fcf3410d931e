// Correlations of predicted and true values, equal to scipy.stats. Both functions take [B] each and are symmetric.
#pragma once

#include <span>

namespace retort::metric {

// Pearson's r, -1..1 (pearsonr). NaN for fewer than two examples, when one side is constant, and for values that are
// not finite.
double compute_pearson(std::span<const float> left, std::span<const float> right);

// Spearman's rho, -1..1: Pearson's r of the ranks; equal values get their mean rank (spearmanr). NaN for fewer than two
// examples, when one side is constant, and for NaN values; infinities rank like other numbers.
double compute_spearman(std::span<const float> left, std::span<const float> right);

}  // namespace retort::metric
