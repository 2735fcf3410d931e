// How the official SQuAD scripts compare two answers: lower case, ASCII punctuation removed, the words a, an and the
// removed, white space collapsed; then equality, or the F1 of the two bags of words. Texts are read as Python reads
// them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace retort::metric {

// The normalized answer: words joined by one space; empty when nothing is left.
std::string normalize_answer(std::string_view answer);

// The words of a normalized answer; the views point into it.
std::vector<std::string_view> words_of_normalized(std::string_view normalized);

// F1 of two normalized answers as bags of words, in 0..1. `empty_f1` is the value when both have no word: 1 in the v2.0
// script, 0 in the v1.1 script; 0 when just one has none.
double compute_f1(std::string_view normalized_gold, std::string_view normalized_prediction, double empty_f1);

}  // namespace retort::metric
