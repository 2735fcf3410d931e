// Lines -> Punkt's words with their properties (NLTK 3.10, nltk/tokenize/punkt.py: PunktLanguageVars.word_tokenize,
// PunktToken). Periods stay at the end of words, other punctuation is cut off.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "retort/corpus/sentences/python_text.h"

namespace retort::corpus {

// Characters that end a word: ) " ; } ] * : @ ' ( { [ ? ! and the typographic quotes and guillemets.
bool is_non_word(char32_t code_point);

// Gives the words of a line without line ends, left to right, in linear time.
class WordCutter {
 public:
  explicit WordCutter(std::string_view line) : at_(line.data()), end_(at_ + line.size()) {}

  // False at the end of the line.
  bool next(std::string_view& word);

 private:
  const char* at_;
  const char* end_;
};

enum class FirstCase : uint8_t { kNone, kUpper, kLower };

// A word with its properties and the annotation of the passes over a text.
struct PunktToken {
  std::string lower;  // word.lower()
  FirstCase first_case = FirstCase::kNone;
  bool is_period_final = false;
  bool is_sentence_end = false;      // `.`, `?` or `!`
  bool is_punctuation = false;       // one of ; : , . ! ?
  bool opens_with_internal = false;  // begins with , : or ;
  bool is_ellipsis = false;          // two or more dots
  bool ends_in_two_dots = false;
  bool is_number = false;           // its type is ##number##
  bool is_initial = false;          // a letter and a period
  bool is_alphabetic = false;       // letters only
  bool is_non_punctuation = false;  // has a letter, or is a number
  // Annotation.
  bool is_break = false, is_abbreviation = false, has_ellipsis_mark = false;

  // Sets the properties and clears the annotation.
  void read(std::string_view word);
  std::string_view type() const { return is_number ? "##number##" : std::string_view(lower); }
  std::string_view type_without_period() const;
  // The period is part of the type unless it ends a sentence.
  std::string_view type_without_sentence_period() const { return is_break ? type_without_period() : type(); }
};

// Whether a type has a letter or underscore: [^\W\d] somewhere.
bool has_letter(std::string_view type);

}  // namespace retort::corpus
