// Answer comparison of the official SQuAD scripts: lower case, without ASCII punctuation and the words a, an and the,
// white space collapsed; then equality, or the F1 of the two bags of words. Strings have Python's semantics.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace retort::metric {

// The normalized answer: words joined by one space; empty when nothing is left.
std::string normalize_answer(std::string_view answer);

// The words of a normalized answer, as views of it.
std::vector<std::string_view> words_of_normalized(std::string_view normalized);

// F1 of two normalized answers as bags of words, 0..1. `empty_f1` is the result when both are empty: 1 in the v2.0
// script, 0 in the v1.1 script. The result is 0 when only one is empty.
double compute_f1(std::string_view normalized_gold, std::string_view normalized_prediction, double empty_f1);

}  // namespace retort::metric
