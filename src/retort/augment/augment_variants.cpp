#include "retort/augment/augment_variants.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "retort/base/random.h"

namespace retort::augment {
namespace {

Variant join(std::span<const std::string_view> words) {
  Variant variant;
  variant.word_begins.reserve(words.size());
  for (const std::string_view word : words) {
    if (!variant.word_begins.empty()) variant.text += ' ';
    variant.word_begins.push_back(static_cast<int32_t>(variant.text.size()));
    variant.text += word;
  }
  return variant;
}

}  // namespace

std::vector<Variant> make_variants(std::string_view original, std::span<const std::string> words,
                                   std::span<const WordCandidates> candidates, const VariantDraws& draws) {
  std::vector<Variant> variants;
  variants.push_back({.text = std::string(original)});
  std::vector<std::string_view> drawn(words.begin(), words.end());
  const std::string unchanged = join(drawn).text;
  std::unordered_multimap<size_t, size_t> by_hash{{std::hash<std::string_view>()(original), 0}};
  for (int64_t pass = 0; pass < draws.passes; ++pass) {
    drawn.assign(words.begin(), words.end());
    const uint64_t key = make_key(draws.key, pass);
    for (const WordCandidates& candidate : candidates) {
      const auto index = 2 * static_cast<uint64_t>(candidate.word);
      if (candidate.words.empty() || random_unit(key, index + 1) >= draws.probability) continue;
      drawn[static_cast<size_t>(candidate.word)] = candidate.words[random_below(key, index, candidate.words.size())];
    }
    Variant variant = join(drawn);
    if (!draws.keeps_unchanged && variant.text == unchanged) continue;
    const size_t hash = std::hash<std::string_view>()(variant.text);
    const auto [first, last] = by_hash.equal_range(hash);
    if (std::any_of(first, last, [&](const auto& known) { return variants[known.second].text == variant.text; }))
      continue;
    by_hash.emplace(hash, variants.size());
    variants.push_back(std::move(variant));
  }
  return variants;
}

void overwrite_first_chunk(std::vector<WordCandidates>& candidates, int64_t chunk_words) {
  std::map<int32_t, WordCandidates> by_place;
  for (WordCandidates& candidate : candidates) {
    candidate.word %= static_cast<int32_t>(chunk_words);
    by_place[candidate.word] = std::move(candidate);
  }
  candidates.clear();
  for (auto& [place, candidate] : by_place) candidates.push_back(std::move(candidate));
}

}  // namespace retort::augment
