#include "retort/corpus/sentences/punkt_parameters.h"

#include <algorithm>
#include <charconv>

#include "retort/base/fast_json.h"
#include "retort/data/table/text_damage.h"

namespace retort::corpus {
namespace {

constexpr std::string_view kFormat = "punkt";
constexpr const char* kRemedy = "make it again by `retort data sentences --save_punkt_file`";

enum class Verdict { kNo, kYes, kUnknown };

// Whether this word begins a sentence, judged by the cases in which its type occurred.
Verdict judge_orthography(const PunktToken& token, const PunktParameters& parameters) {
  if (token.is_punctuation) return Verdict::kNo;
  const uint8_t seen = parameters.orthography.value_or_default(token.type_without_sentence_period());
  if (token.first_case == FirstCase::kUpper && (seen & kAnyLower) && !(seen & kMiddleUpper)) return Verdict::kYes;
  if (token.first_case == FirstCase::kLower && ((seen & kAnyUpper) || !(seen & kBeginningLower))) return Verdict::kNo;
  return Verdict::kUnknown;
}

void mark_as_abbreviation(PunktToken& token) { token.is_break = false, token.is_abbreviation = true; }

bool is_always_capitalized(const PunktToken& token, const PunktParameters& parameters) {
  return token.first_case == FirstCase::kUpper &&
         !(parameters.orthography.value_or_default(token.type_without_sentence_period()) & kAnyLower);
}

template <typename Value>
std::vector<std::string_view> sorted_texts(const TextTable<Value>& table) {
  std::vector<std::string_view> texts;
  texts.reserve(table.size());
  for (const auto& entry : table.entries()) texts.push_back(table.text_of(entry));
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::string quoted(std::string_view text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

void write_texts(AtomicFile& file, const std::vector<std::string_view>& texts) {
  file.write("[");
  for (size_t i = 0; i < texts.size(); ++i) file.write((i == 0 ? "\n  " : ",\n  ") + quoted(texts[i]));
  file.write("\n ]");
}

std::pair<std::string_view, std::string_view> split_pair(std::string_view pair, char separator) {
  const size_t at = pair.find(separator);
  if (at == pair.npos) return {pair, {}};
  return {pair.substr(0, at), pair.substr(at + 1)};
}

// A list of texts of a file of parameters.
void read_texts(simdjson::dom::element root, const char* key, const std::string& path, TextSet& out) {
  simdjson::dom::array list;
  if (root[key].get(list)) throw UserError("`{}` must hold the list `{}`, but does not; {}", path, key, kRemedy);
  for (const simdjson::dom::element element : list) {
    std::string_view text;
    if (element.get(text))
      throw UserError("`{}` `{}` must hold strings, but holds {}; {}", path, key, kind_name(element), kRemedy);
    out[text];
  }
}

void read_pairs(simdjson::dom::element root, const std::string& path, TextSet& out) {
  simdjson::dom::array list;
  if (root["collocations"].get(list))
    throw UserError("`{}` must hold the list `collocations`, but does not; {}", path, kRemedy);
  for (const simdjson::dom::element element : list) {
    std::string_view first, second;
    if (element.at(0).get(first) || element.at(1).get(second))
      throw UserError("`{}` `collocations` must hold pairs of strings, but holds {}; {}", path, kind_name(element),
                      kRemedy);
    out[PunktParameters::pair_key(first, second)];
  }
}

void read_orthography(simdjson::dom::element root, const std::string& path, TextTable<uint8_t>& out) {
  simdjson::dom::object object;
  if (root["ortho_context"].get(object))
    throw UserError("`{}` must hold the object `ortho_context`, but does not; {}", path, kRemedy);
  for (const auto field : object) {
    int64_t bits = 0;
    if (field.value.get(bits) || bits < 0 || bits > (kAnyUpper | kAnyLower))
      throw UserError("`{}` `ortho_context` must map types to numbers from 0 to {}, but does not at `{}`; {}", path,
                      kAnyUpper | kAnyLower, field.key, kRemedy);
    out[field.key] = static_cast<uint8_t>(bits);
  }
}

PunktParameters load_json(const fs::path& path) {
  FastJson json(read_file(path));
  const simdjson::dom::element root = json.parse(path.string());
  std::string_view format;
  if (root["format"].get(format) || format != kFormat)
    throw UserError("`{}` must be a file of Punkt parameters, but has no `format` that says so; {}", path.string(),
                    kRemedy);
  PunktParameters parameters;
  read_texts(root, "abbrev_types", path.string(), parameters.abbreviations);
  read_texts(root, "sent_starters", path.string(), parameters.starters);
  read_pairs(root, path.string(), parameters.collocations);
  read_orthography(root, path.string(), parameters.orthography);
  return parameters;
}

// Lines of a file of NLTK's, which may lack the last line end.
template <typename Visit>
void visit_lines(const fs::path& path, Visit visit) {
  const std::string content = read_file(path);
  if (const auto damage = data::maybe_text_damage(content))
    throw UserError("`{}` {}; take NLTK's punkt_tab", path.string(), *damage);
  std::string_view rest = content;
  while (!rest.empty()) {
    const auto [line, after] = split_pair(rest, '\n');
    visit(line);
    rest = after;
  }
}

PunktParameters load_folder(const fs::path& folder) {
  PunktParameters parameters;
  visit_lines(folder / "abbrev_types.txt", [&](std::string_view line) { parameters.abbreviations[line]; });
  visit_lines(folder / "sent_starters.txt", [&](std::string_view line) { parameters.starters[line]; });
  visit_lines(folder / "collocations.tab", [&](std::string_view line) {
    const auto [first, second] = split_pair(line, '\t');
    parameters.collocations[PunktParameters::pair_key(first, second)];
  });
  visit_lines(folder / "ortho_context.tab", [&](std::string_view line) {
    const auto [type, number] = split_pair(line, '\t');
    uint8_t bits = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (error != std::errc() || end != number.data() + number.size() || bits > (kAnyUpper | kAnyLower))
      throw UserError("`{}` must hold a type, a tab and a number a line, but holds `{}`; take NLTK's punkt_tab",
                      (folder / "ortho_context.tab").string(), line);
    parameters.orthography[type] = bits;
  });
  return parameters;
}

}  // namespace

std::string PunktParameters::pair_key(std::string_view first, std::string_view second) {
  std::string key;
  key.reserve(first.size() + 1 + second.size());
  key.append(first).append("\n").append(second);
  return key;
}

PunktParameters PunktParameters::load(const fs::path& path) {
  return fs::is_directory(path) ? load_folder(path) : load_json(path);
}

void PunktParameters::save(const fs::path& path) const {
  AtomicFile file(path);
  file.write("{\n \"format\": " + quoted(kFormat) + ",\n \"abbrev_types\": ");
  write_texts(file, sorted_texts(abbreviations));
  file.write(",\n \"sent_starters\": ");
  write_texts(file, sorted_texts(starters));
  file.write(",\n \"collocations\": [");
  const char* separator = "\n  [";
  for (const std::string_view pair : sorted_texts(collocations)) {
    const auto [first, second] = split_pair(pair, '\n');
    file.write(separator + quoted(first) + ", " + quoted(second) + "]");
    separator = ",\n  [";
  }
  file.write("\n ],\n \"ortho_context\": {");
  separator = "\n  ";
  for (const std::string_view type : sorted_texts(orthography)) {
    if (*orthography.find(type) == 0) continue;
    file.write(separator + quoted(type) + ": " + std::to_string(*orthography.find(type)));
    separator = ",\n  ";
  }
  file.write("\n }\n}\n");
  file.publish();
}

void annotate_word(PunktToken& token, const PunktParameters& parameters) {
  if (token.is_sentence_end) {
    token.is_break = true;
  } else if (token.is_ellipsis) {
    token.has_ellipsis_mark = true;
  } else if (token.is_period_final && !token.ends_in_two_dots) {
    const std::string_view word = std::string_view(token.lower).substr(0, token.lower.size() - 1);
    const size_t hyphen = word.rfind('-');
    const bool is_known = parameters.abbreviations.contains(word) ||
                          (hyphen != word.npos && parameters.abbreviations.contains(word.substr(hyphen + 1)));
    (is_known ? token.is_abbreviation : token.is_break) = true;
  }
}

void annotate_pair(PunktToken& token, const PunktToken& next, const PunktParameters& parameters, std::string& key) {
  if (!token.is_period_final) return;
  const std::string_view type = token.type_without_period(), next_type = next.type_without_sentence_period();
  key.assign(type).append("\n").append(next_type);
  if (parameters.collocations.contains(key)) return mark_as_abbreviation(token);
  if ((token.is_abbreviation || token.has_ellipsis_mark) && !token.is_initial) {
    const bool begins = judge_orthography(next, parameters) == Verdict::kYes ||
                        (next.first_case == FirstCase::kUpper && parameters.starters.contains(next_type));
    if (begins) {
      token.is_break = true;
      return;
    }
  }
  if (!token.is_initial && type != "##number##") return;
  const Verdict verdict = judge_orthography(next, parameters);
  if (verdict == Verdict::kNo ||
      (verdict == Verdict::kUnknown && token.is_initial && is_always_capitalized(next, parameters)))
    mark_as_abbreviation(token);
}

}  // namespace retort::corpus
