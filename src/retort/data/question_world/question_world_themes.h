// The patterns of generated questions: eight kinds of entities with five attributes each. Data only; question_world.cpp
// fills them in.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

namespace retort::data {

// The kind of a value; question_world_names.cpp draws one for each entity and attribute.
enum class ValueKind {
  kPerson,    // Mira Tolvane
  kPlace,     // Ostravin
  kRiver,     // Belune
  kYear,      // 1786
  kDate,      // 14 March 1786
  kMonth,     // late March
  kHundreds,  // 3,412
  kDozens,    // 47
  kMoney,     // 2,600 crowns
  kGoods,     // salt and wool
  kMaterial,  // polished oak
  kField,     // the study of tides
};

// The form of the names of a theme's entities.
enum class NameKind { kPlace, kThePlaceSuffix, kShip, kPainting, kPerson, kMountain };

struct ThemeAttribute {
  ValueKind kind;
  std::vector<std::string_view> questions;  // "{name}" stands for the entity
};

struct Theme {
  std::string_view title, noun, pronoun;  // "Towns", "The town", "It"
  NameKind name_kind;
  std::string_view name_suffix;  // "loom": "the Halden loom"
  std::array<ThemeAttribute, 5> attributes;
  // Sentences state one or two attributes: "{0}" ... "{4}" are their values. "{it}" opens the sentence with the name,
  // the noun or the pronoun; "{name}" is always the name.
  std::vector<std::string_view> sentences;
};

std::span<const Theme> question_world_themes();

// Sentences that answer no question.
std::span<const std::string_view> question_world_fillers();

}  // namespace retort::data
