#include "retort/data/squad/squad_data.h"

#include <algorithm>
#include <utility>

#include "retort/base/random.h"

namespace retort::data {

bool SquadData::has_impossible() const {
  return std::any_of(examples.begin(), examples.end(),
                     [](const SquadExample& example) { return example.is_impossible; });
}

bool SquadData::has_answers() const { return !std::ranges::all_of(examples, &SquadExample::is_unanswered); }

void keep_random_examples(SquadData& data, int64_t count, uint64_t seed) {
  const auto available = static_cast<int64_t>(data.examples.size());
  if (count < 0 || count >= available) return;
  std::vector<SquadExample> kept;
  kept.reserve(static_cast<size_t>(count));
  for (int64_t index : random_sample(make_key(seed), available, count))
    kept.push_back(std::move(data.examples[static_cast<size_t>(index)]));
  data.examples = std::move(kept);
}

}  // namespace retort::data
