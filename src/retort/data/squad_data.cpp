#include "retort/data/squad_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "retort/base/random.h"

namespace retort::data {

void SkippedRecords::add(std::string_view reason, std::string message) {
  ++count;
  auto same = std::find_if(reasons.begin(), reasons.end(), [&](const Reason& known) { return known.name == reason; });
  if (same == reasons.end()) same = reasons.insert(same, Reason{std::string(reason)});
  ++same->count;
  if (messages.size() < kMessagesKept) messages.push_back(std::move(message));
}

std::string SkippedRecords::summary() const {
  if (count == 0) return "";
  std::string list;
  for (const Reason& reason : reasons)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", reason.count, reason.name);
  return fmt::format("{} {} left out ({})", count, count == 1 ? "record was" : "records were", list);
}

bool SquadData::has_impossible() const {
  return std::any_of(examples.begin(), examples.end(),
                     [](const SquadExample& example) { return example.is_impossible; });
}

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
