#include "retort/metric/squad_normalize.h"

#include <algorithm>

#include "retort/decode/python_text.h"

namespace retort::metric {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// string.punctuation of Python.
bool is_punctuation(char32_t c) {
  return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
}

bool is_article(std::u32string_view word) { return word == U"a" || word == U"an" || word == U"the"; }

// Lower-cases and removes punctuation.
std::u32string simplified(std::string_view answer) {
  std::u32string text = decode::to_code_points(answer);
  if (is_ascii(answer)) {
    for (char32_t& c : text)
      if (c >= 'A' && c <= 'Z') c += 32;
  } else {
    text = decode::lower_text(text);
  }
  std::erase_if(text, is_punctuation);
  return text;
}

}  // namespace

std::string normalize_answer(std::string_view answer) {
  const std::u32string text = simplified(answer);
  std::u32string result;
  bool gap = false;
  const auto append = [&](std::u32string_view part) {
    if (gap && !result.empty()) result += U' ';
    gap = false;
    result += part;
  };
  // An article is a whole run of word characters: \b(a|an|the)\b.
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && decode::is_word_character(text[end])) ++end;
    const auto run = std::u32string_view(text).substr(at, end - at);
    if (run.empty()) {
      if (decode::is_space(text[at])) {
        gap = true;
      } else {
        append(std::u32string_view(text).substr(at, 1));
      }
      ++at;
      continue;
    }
    if (is_article(run)) {
      gap = true;
    } else {
      append(run);
    }
    at = end;
  }
  return decode::to_utf8(result);
}

std::vector<std::string_view> words_of_normalized(std::string_view normalized) {
  std::vector<std::string_view> words;
  while (!normalized.empty()) {
    const size_t end = std::min(normalized.find(' '), normalized.size());
    words.push_back(normalized.substr(0, end));
    normalized.remove_prefix(std::min(end + 1, normalized.size()));
  }
  return words;
}

double compute_f1(std::string_view normalized_gold, std::string_view normalized_prediction, double empty_f1) {
  std::vector<std::string_view> gold = words_of_normalized(normalized_gold),
                                prediction = words_of_normalized(normalized_prediction);
  if (gold.empty() || prediction.empty()) return gold.empty() && prediction.empty() ? empty_f1 : 0;
  std::sort(gold.begin(), gold.end());
  std::sort(prediction.begin(), prediction.end());
  std::vector<std::string_view> common;
  std::set_intersection(gold.begin(), gold.end(), prediction.begin(), prediction.end(), std::back_inserter(common));
  if (common.empty()) return 0;
  const double shared = static_cast<double>(common.size());
  const double precision = shared / static_cast<double>(prediction.size()),
               recall = shared / static_cast<double>(gold.size());
  return 2 * precision * recall / (precision + recall);
}

}  // namespace retort::metric
