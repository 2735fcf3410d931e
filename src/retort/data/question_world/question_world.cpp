// Composes passages: entities of one theme, sentences that state their attributes, fillers between them, and questions
// about some of the facts. Each passage has its own random key, so passages are independent.
#include "retort/data/question_world/question_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "retort/base/error.h"
#include "retort/data/question_world/question_world_names.h"
#include "retort/data/question_world/question_world_themes.h"

namespace retort::data {
namespace {

constexpr int64_t kSmallestEntities = 3, kSmallestAttributes = 2, kAttributes = 5;
constexpr double kLongPassages = 0.02, kFillerShare = 0.2;  // shares of passages, of entities
constexpr double kOneMore = 0.3;                            // of passages with one more entity or attribute

struct Entity {
  std::string name;
  std::vector<std::string> values;  // one per attribute of the theme
};

struct Fact {
  int64_t entity, attribute;
  size_t begin_bytes;  // byte of its value in the context
};

struct Passage {
  const Theme* theme;
  std::vector<int64_t> attributes;  // attributes that this passage states for each entity
  std::vector<Entity> entities;
  std::string context;
  std::vector<Fact> facts;
};

// Returns the attributes that a sentence pattern states, in the order of the text.
std::vector<int64_t> attributes_of(std::string_view pattern) {
  std::vector<int64_t> attributes;
  for (size_t i = 0; i + 2 < pattern.size(); ++i) {
    if (pattern[i] == '{' && pattern[i + 1] >= '0' && pattern[i + 1] <= '9') attributes.push_back(pattern[i + 1] - '0');
  }
  return attributes;
}

std::string with_capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// Appends the filled-in `pattern` to the passage's context and records where each value begins.
void append_sentence(Passage& passage, std::string_view pattern, int64_t entity_index, std::string_view subject) {
  const Entity& entity = passage.entities[entity_index];
  if (!passage.context.empty()) passage.context += ' ';
  while (!pattern.empty()) {
    const size_t open = std::min(pattern.find('{'), pattern.size());
    passage.context += pattern.substr(0, open);
    pattern.remove_prefix(open);
    if (pattern.empty()) break;
    const std::string_view place = pattern.substr(1, pattern.find('}') - 1);
    pattern.remove_prefix(place.size() + 2);
    if (place == "it") {
      passage.context += subject;
    } else if (place == "name") {
      passage.context += entity.name;
    } else {
      const int64_t attribute = place[0] - '0';
      passage.facts.push_back({entity_index, attribute, passage.context.size()});
      passage.context += entity.values[attribute];
    }
  }
}

// Returns a pattern that states `attribute` and, besides it, only attributes in `untold`.
std::string_view pick_pattern(const Theme& theme, int64_t attribute, const std::vector<int64_t>& untold,
                              WorldDraw& draw) {
  std::vector<std::string_view> fitting;
  for (const auto pattern : theme.sentences) {
    const auto stated = attributes_of(pattern);
    const auto is_untold = [&](int64_t a) { return std::ranges::find(untold, a) != untold.end(); };
    if (std::ranges::find(stated, attribute) != stated.end() && std::ranges::all_of(stated, is_untold))
      fitting.push_back(pattern);
  }
  RETORT_CHECK(!fitting.empty(), "theme {} has no sentence for only attribute {}", theme.title, attribute);
  return draw.pick(fitting);
}

// Returns the subject: in the first sentence the name; in one of five later ones "it" or "the town".
std::string pick_subject(const Passage& passage, int64_t entity_index, bool is_first, WorldDraw& draw) {
  const int64_t choice = is_first ? 9 : draw.below(10);
  if (choice < 1) return std::string(passage.theme->pronoun);
  if (choice < 2) return std::string(passage.theme->noun);
  return with_capital(passage.entities[entity_index].name);
}

void tell_entity(Passage& passage, int64_t entity_index, WorldDraw& draw) {
  std::vector<int64_t> untold;
  for (const int64_t i : random_permutation(draw.fork(), std::ssize(passage.attributes)))
    untold.push_back(passage.attributes[i]);
  for (bool is_first = true; !untold.empty(); is_first = false) {
    const auto pattern = pick_pattern(*passage.theme, untold.front(), untold, draw);
    append_sentence(passage, pattern, entity_index, pick_subject(passage, entity_index, is_first, draw));
    for (const int64_t told : attributes_of(pattern)) std::erase(untold, told);
  }
  if (draw.chance(kFillerShare)) append_sentence(passage, draw.pick(question_world_fillers()), entity_index, "");
}

Passage make_passage(const Theme& theme, WorldSplit split, WorldDraw& draw) {
  const bool is_long = draw.chance(kLongPassages);
  const int64_t entity_count = is_long ? draw.between(11, 13) : kSmallestEntities + draw.chance(kOneMore);
  const int64_t attribute_count = is_long ? kAttributes : kSmallestAttributes + draw.chance(kOneMore);
  Passage passage{.theme = &theme, .attributes = random_sample(draw.fork(), kAttributes, attribute_count)};
  WorldNames names(split, draw);
  for (int64_t i = 0; i < entity_count; ++i) {
    Entity entity{.name = names.make_entity_name(theme)};
    for (const auto& attribute : theme.attributes) entity.values.push_back(names.make_value(attribute.kind));
    passage.entities.push_back(std::move(entity));
  }
  for (int64_t i = 0; i < entity_count; ++i) tell_entity(passage, i, draw);
  return passage;
}

std::string fill_name(std::string_view pattern, std::string_view name) {
  std::string text(pattern);
  constexpr std::string_view kPlace = "{name}";
  return text.replace(text.find(kPlace), kPlace.size(), name);
}

// Counts the code points that begin in the first `bytes` bytes of well-formed UTF-8.
int64_t count_code_points(std::string_view text, size_t bytes) {
  return std::ranges::count_if(text.substr(0, bytes),
                               [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

Json make_question(const Passage& passage, const Fact& fact, std::string id, WorldDraw& draw) {
  const Entity& entity = passage.entities[fact.entity];
  const auto pattern = draw.pick(passage.theme->attributes[fact.attribute].questions);
  return {{"id", std::move(id)},
          {"question", fill_name(pattern, entity.name)},
          {"answers", Json::array({{{"text", entity.values[fact.attribute]},
                                    {"answer_start", count_code_points(passage.context, fact.begin_bytes)}}})}};
}

Json make_paragraph(const Theme& theme, int64_t passage_index, const QuestionWorldOptions& options) {
  const std::string_view split = options.split == WorldSplit::kTrain ? "train" : "dev";
  WorldDraw draw(make_key(options.seed, options.split, passage_index));
  const Passage passage = make_passage(theme, options.split, draw);
  Json questions = Json::array();
  for (const int64_t i : random_sample(draw.fork(), std::ssize(passage.facts), options.questions_per_passage)) {
    std::string id = fmt::format("{}-{}-{}", split, passage_index, questions.size());
    questions.push_back(make_question(passage, passage.facts[i], std::move(id), draw));
  }
  return {{"context", passage.context}, {"qas", std::move(questions)}};
}

void check_options(const QuestionWorldOptions& options) {
  constexpr int64_t kMaxQuestions = kSmallestEntities * kSmallestAttributes;
  if (options.passages < 0) throw UserError("`passages` must be 0 or more, but is {}", options.passages);
  if (options.questions_per_passage < 1 || options.questions_per_passage > kMaxQuestions) {
    throw UserError("`questions_per_passage` must be between 1 and {}, but is {}", kMaxQuestions,
                    options.questions_per_passage);
  }
}

}  // namespace

Json make_question_world(const QuestionWorldOptions& options) {
  check_options(options);
  const auto themes = question_world_themes();
  Json articles = Json::array();
  for (int64_t t = 0; t < std::ssize(themes); ++t) {
    Json paragraphs = Json::array();
    for (int64_t i = t; i < options.passages; i += std::ssize(themes))
      paragraphs.push_back(make_paragraph(themes[t], i, options));
    if (!paragraphs.empty()) articles.push_back({{"title", themes[t].title}, {"paragraphs", std::move(paragraphs)}});
  }
  return {{"version", "1.1"}, {"data", std::move(articles)}};
}

}  // namespace retort::data
