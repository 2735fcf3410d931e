// The nearest words of GloVe, for all words of a task in one product.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "retort/augment/glove.h"

namespace retort::augment {

// The `count` indexes with the greatest scores, the greatest first and of equal ones the least index first; all when
// there are fewer. Scores are numbers, not NaN.
std::vector<int32_t> greatest_indexes(std::span<const float> scores, int64_t count);

class GloveNeighbors {
 public:
  // For each of the words that the vectors have, the `count` nearest others by dot product, the nearest first.
  GloveNeighbors(const GloveVectors& vectors, const std::set<std::string>& words, int64_t count);

  // Texts that live as long as the vectors; none for a word that was not asked for or that the vectors lack.
  std::span<const std::string_view> of(const std::string& word) const;
  int64_t word_count() const { return static_cast<int64_t>(neighbors_.size()); }

 private:
  std::unordered_map<std::string, std::vector<std::string_view>> neighbors_;
};

}  // namespace retort::augment
