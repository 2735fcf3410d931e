// Finds the nearest words in GloVe for all words of a data set with one matmul.
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

// Returns the indexes of the `count` greatest scores, greatest first, equal scores by index; all indexes if there are
// fewer. Scores must not be NaN.
std::vector<int32_t> greatest_indexes(std::span<const float> scores, int64_t count);

class GloveNeighbors {
 public:
  // Finds the `count` nearest other words by dot product, nearest first, for each word that has a vector. The ranks of
  // a run share the words out; all call it with the same ones.
  GloveNeighbors(const GloveVectors& vectors, const std::set<std::string>& words, int64_t count);

  // Returns texts that live as long as the vectors; none for a word that was not requested or has no vector.
  std::span<const std::string_view> of(const std::string& word) const;
  int64_t word_count() const { return static_cast<int64_t>(neighbors_.size()); }

 private:
  std::unordered_map<std::string, std::vector<std::string_view>> neighbors_;
};

}  // namespace retort::augment
