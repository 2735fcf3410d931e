// Lists of words and the patterns that combine them into names.
#include "retort/data/question_world/question_world_names.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/hash.h"

namespace retort::data {
namespace {

using Words = std::vector<std::string_view>;

const Words kPlaceOpenings{"Oak",   "Stone", "Silver", "Maple",  "Green",  "North",  "Red",  "Eagle", "Cedar", "Bear",
                           "White", "Clear", "Rose",   "Elm",    "Iron",   "Pine",   "Salt", "Swan",  "Crown", "Fox",
                           "Gold",  "West",  "Castle", "Summer", "Bright", "Cherry", "Gull", "Winter"};
const Words kPlaceEndings{"Harbor", "Hill",  "Lake",  "Valley", "Bridge", "Bay",   "Grove", "Gate",  "Field",
                          "Creek",  "Haven", "Ridge", "Park",   "Mill",   "Falls", "Point", "Cross", "Springs"};
const Words kRivers{"Amber", "Willow", "Juniper",  "Falcon", "Thames", "Arrow",  "Clyde", "Avon",  "Tweed", "Severn",
                    "Trent", "Mersey", "Tyne",     "Tees",   "Otter",  "Crane",  "Heron", "Lark",  "Dove",  "Moss",
                    "Wye",   "Kent",   "Derby",    "Devon",  "Humber", "Orwell", "Mole",  "Exe",   "Don",   "Ivy",
                    "Hazel", "Laurel", "Cherwell", "Medway", "Nile",   "Rhône",  "Aude",  "Loire", "Saône", "Oder"};
const Words kSurnames{"Miller",   "Baker",     "Hughes",  "Carter",   "Nelson",    "Turner",   "Parker",    "Collins",
                      "Stewart",  "Morris",    "Cooper",  "Reed",     "Bailey",    "Bell",     "Murphy",    "Kelly",
                      "Howard",   "Ward",      "Cox",     "Peterson", "Gray",      "James",    "Watson",    "Brooks",
                      "Sanders",  "Price",     "Bennett", "Wood",     "Barnes",    "Ross",     "Henderson", "Coleman",
                      "Jenkins",  "Perry",     "Powell",  "Long",     "Patterson", "Flores",   "Butler",    "Simmons",
                      "Foster",   "Bryant",    "Russell", "Griffin",  "Hayes",     "Myers",    "Ford",      "Hamilton",
                      "Graham",   "Sullivan",  "Wallace", "Woods",    "Cole",      "West",     "Jordan",    "Owens",
                      "Reynolds", "Fisher",    "Ellis",   "Harrison", "Gibson",    "Marshall", "Wells",     "Webb",
                      "Simpson",  "Stevens",   "Tucker",  "Porter",   "Hunter",    "Hicks",    "Crawford",  "Boyd",
                      "Mason",    "Kennedy",   "Warren",  "Dixon",    "Burns",     "Gordon",   "Shaw",      "Holmes",
                      "Rice",     "Robertson", "Hunt",    "Black",    "Daniels",   "Palmer",   "Mills",     "Grant",
                      "Knight",   "Stone",     "Müller",  "Núñez",    "Strauß",    "Dvořák"};
const Words kFirstNames{"Anton", "Clara",  "Jonas", "Edith", "Pavel",   "Sofia",  "Laura",  "Oscar",  "Nadia",
                        "Felix", "Ruth",   "Emil",  "Zoë",   "René",    "Ada",    "Victor", "Irene",  "Thomas",
                        "Greta", "Samuel", "Alma",  "Boris", "Cecilia", "Daniel", "Elena",  "Gustav", "Hanna",
                        "Isaac", "Julia",  "Karl",  "Lydia", "Martin",  "Helen",  "Simon",  "Alice",  "Hugo"};
const Words kShipAdjectives{"Silver", "Brave",   "Golden", "Silent", "Red",   "Northern", "Proud",
                            "Swift",  "Lucky",   "White",  "Merry",  "Blue",  "Iron",     "Wandering",
                            "Bright", "Crimson", "Gentle", "Loyal",  "Royal", "Hidden"};
const Words kShipNouns{"Heron", "Lion",  "Star",  "Dolphin", "Falcon", "Rose",  "Hunter", "Wolf",  "Swan",    "Comet",
                       "Bear",  "Arrow", "Crown", "Fox",     "Raven",  "Pearl", "Eagle",  "Whale", "Lantern", "Anchor"};
const Words kPaintingOpenings{"Evening at",    "The Bakers of", "Winter in",     "Morning near",
                              "The Towers of", "Rain over",     "The Gardens of"};
const Words kTradeGoods{"salt", "wool", "honey", "copper", "timber", "wine", "glass", "pepper", "silk", "candles"};
const Words kMoreGoods{"paper", "apples", "leather", "rope", "tea", "marble", "cheese", "amber", "linen", "barley"};
const Words kFinishes{"polished", "black", "carved", "hammered", "pale", "painted", "heavy", "old"};
const Words kMaterials{"oak", "brass", "iron", "steel", "walnut", "bronze", "granite", "bamboo"};
const Words kFields{"geometry",
                    "the study of tides",
                    "Roman law",
                    "botany",
                    "the history of music",
                    "optics",
                    "astronomy",
                    "the theory of bridges",
                    "grammar",
                    "medicine",
                    "the behavior of bees",
                    "navigation",
                    "logic",
                    "chemistry",
                    "ancient coins",
                    "the movement of glaciers",
                    "ethics",
                    "map making",
                    "mechanics",
                    "the diseases of trees"};
const Words kMonths{"January", "February", "March",     "April",   "May",      "June",
                    "July",    "August",   "September", "October", "November", "December"};
const Words kMonthParts{"early", "the middle of", "late"};

Words split_list(std::string_view list) {
  Words words;
  for (size_t bar; (bar = list.find('|')) != list.npos; list.remove_prefix(bar + 1))
    words.push_back(list.substr(0, bar));
  words.push_back(list);
  return words;
}

bool belongs_to(std::string_view name, WorldSplit split) {
  const bool is_dev = hash_bytes(std::as_bytes(std::span(name.data(), name.size()))) % 2 == 1;
  return is_dev == (split == WorldSplit::kDev);
}

std::string with_thousands(int64_t count) {
  return count < 1000 ? fmt::format("{}", count) : fmt::format("{},{:03}", count / 1000, count % 1000);
}

// Joins one word of each list, drawn in order. (The compiler chooses the order of evaluation of function arguments, so
// one call per word would not be reproducible.)
std::string pick_compound(WorldDraw& draw, std::initializer_list<const Words*> parts, std::string_view between) {
  std::string text;
  for (const Words* part : parts) {
    if (!text.empty()) text += between;
    text += draw.pick(*part);
  }
  return text;
}

}  // namespace

std::string WorldNames::make_unused(const auto& draw_one) {
  std::string text = draw_one();
  while (!used_.insert(text).second) text = draw_one();
  return text;
}

std::string WorldNames::make_split_name(const auto& draw_one) {
  std::string name = draw_one();
  while (!belongs_to(name, split_)) name = draw_one();
  return name;
}

std::string WorldNames::make_place() {
  return make_split_name([&] { return pick_compound(draw_, {&kPlaceOpenings, &kPlaceEndings}, " "); });
}

std::string WorldNames::make_entity_name(const Theme& theme) {
  switch (theme.name_kind) {
    case NameKind::kPlace:
      return make_value(ValueKind::kPlace);
    case NameKind::kPerson:
      return make_value(ValueKind::kPerson);
    case NameKind::kThePlaceSuffix: {
      const Words suffixes = split_list(theme.name_suffix);
      const std::string place = make_unused([&] { return make_place(); });
      return fmt::format("the {} {}", place, draw_.pick(suffixes));
    }
    case NameKind::kShip: {
      const auto draw_ship = [&] { return pick_compound(draw_, {&kShipAdjectives, &kShipNouns}, " "); };
      return make_unused([&] { return "the " + make_split_name(draw_ship); });
    }
    case NameKind::kPainting: {
      const std::string_view opening = draw_.pick(kPaintingOpenings);
      return fmt::format("{} {}", opening, make_unused([&] { return make_place(); }));
    }
    case NameKind::kMountain:
      return "Mount " + make_unused([&] { return make_place(); });
  }
  RETORT_CHECK(false, "unknown kind of name");
}

std::string WorldNames::make_value(ValueKind kind) {
  return make_unused([&] { return draw_value(kind); });
}

std::string WorldNames::draw_value(ValueKind kind) {
  switch (kind) {
    case ValueKind::kPerson:
      return make_split_name([&] { return pick_compound(draw_, {&kFirstNames, &kSurnames}, " "); });
    case ValueKind::kPlace:
      return make_place();
    case ValueKind::kRiver:
      return make_split_name([&] { return pick_compound(draw_, {&kRivers}, ""); });
    case ValueKind::kYear:
      return fmt::format("{}", draw_.between(1480, 1935));
    case ValueKind::kDate: {
      const int64_t day = draw_.between(1, 28);
      const std::string_view month = draw_.pick(kMonths);
      return fmt::format("{} {} {}", day, month, draw_.between(1480, 1935));
    }
    case ValueKind::kMonth:
      return pick_compound(draw_, {&kMonthParts, &kMonths}, " ");
    case ValueKind::kHundreds:
      return with_thousands(draw_.between(200, 9800));
    case ValueKind::kDozens:
      return fmt::format("{}", draw_.between(3, 98));
    case ValueKind::kMoney:
      return with_thousands(draw_.between(2, 98) * 100) + " crowns";
    case ValueKind::kGoods:
      return pick_compound(draw_, {&kTradeGoods, &kMoreGoods}, " and ");
    case ValueKind::kMaterial:
      return pick_compound(draw_, {&kFinishes, &kMaterials}, " ");
    case ValueKind::kField:
      return std::string(draw_.pick(kFields));
  }
  RETORT_CHECK(false, "unknown kind of value");
}

}  // namespace retort::data
