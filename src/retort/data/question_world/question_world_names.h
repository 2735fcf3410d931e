// Names and values for generated questions, from counter-based random numbers. The hash of a name determines its split,
// so no seed puts a training entity into the dev set.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "retort/base/random.h"
#include "retort/data/question_world/question_world.h"
#include "retort/data/question_world/question_world_themes.h"

namespace retort::data {

// A sequence of random choices.
class WorldDraw {
 public:
  explicit WorldDraw(uint64_t key) : key_(key) {}
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(random_below(key_, index_++, static_cast<uint64_t>(bound)));
  }
  // Uniform in [low, high].
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  bool chance(double probability) { return random_unit(key_, index_++) < probability; }
  std::string_view pick(std::span<const std::string_view> choices) { return choices[below(std::ssize(choices))]; }
  uint64_t fork() { return random_bits(key_, index_++); }

 private:
  uint64_t key_, index_ = 0;
};

// The names of one passage, all distinct.
class WorldNames {
 public:
  WorldNames(WorldSplit split, WorldDraw& draw) : split_(split), draw_(draw) {}
  std::string make_entity_name(const Theme& theme);
  std::string make_value(ValueKind kind);

 private:
  std::string make_unused(const auto& draw_one);
  std::string make_split_name(const auto& draw_one);
  std::string make_place();
  std::string draw_value(ValueKind kind);

  WorldSplit split_;
  WorldDraw& draw_;
  std::set<std::string, std::less<>> used_;
};

}  // namespace retort::data
