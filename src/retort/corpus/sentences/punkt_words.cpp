// The expressions of NLTK, written out. At each place the first alternative that matches is taken: punctuation of
// several characters (--, ..., . . .), a word, a single character.
#include "retort/corpus/sentences/punkt_words.h"

#include <array>

namespace retort::corpus {
namespace {

constexpr std::string_view kNonWord = ")\";}]*:@'({[?!";
constexpr std::string_view kNoWordStart = "(\"`{[:;&#*@)}]-,";  // of ASCII; every other character may begin a word

constexpr std::array<bool, 128> make_ascii_set(std::string_view members) {
  std::array<bool, 128> set{};
  for (const char member : members) set[static_cast<unsigned char>(member)] = true;
  return set;
}
constexpr auto kIsNonWord = make_ascii_set(kNonWord), kIsNoWordStart = make_ascii_set(kNoWordStart);

bool is_space_at(const char* at, const char* end) { return read_character(at, end).is(kSpace); }

// `-{2,}|\.{2,}|(?:\.\s){2,}\.` at `at`: where it ends, `at` itself when it does not match.
const char* find_end_of_marks(const char* at, const char* end) {
  if (*at != '-' && *at != '.') return at;
  const char* run = at;
  while (run < end && *run == *at) ++run;
  if (run - at >= 2) return run;
  if (*at == '-') return at;
  // Dots with one white space between them.
  const char* last_dot = at;
  int dots = 1;
  for (const char* next = at + 1; next < end;) {
    const Character space = read_character(next, end);
    if (!space.is(kSpace)) break;
    next += space.byte_count;
    if (next == end || *next != '.') break;
    last_dot = next++;
    ++dots;
  }
  return dots >= 3 ? last_dot + 1 : at;
}

// Whether a multi-character punctuation begins here; its end is not searched.
bool has_marks(const char* at, const char* end) {
  if (*at == '-') return at + 1 < end && at[1] == '-';
  if (*at != '.') return false;
  if (at + 1 < end && at[1] == '.') return true;
  for (int dots = 1; dots < 3; ++dots) {
    if (++at == end) return false;
    const Character space = read_character(at, end);
    at += space.byte_count;
    if (!space.is(kSpace) || at == end || *at != '.') return false;
  }
  return true;
}

// Whether a word ends before `at`; a comma does when what follows it ends a word too.
bool ends_word(const char* at, const char* end, bool is_after_comma = false) {
  if (at == end) return true;
  const Character character = read_character(at, end);
  if (character.is(kLetter) || character.is(kDigit)) return false;
  if (character.is(kSpace) || is_non_word(character.code_point) || has_marks(at, end)) return true;
  return *at == ',' && !is_after_comma && ends_word(at + 1, end, true);
}

bool begins_word(char32_t code_point) { return code_point >= 128 || !kIsNoWordStart[code_point]; }

// ^-?[\.,]?\d[\d,\.-]*\.?$
bool is_number_type(std::string_view lower) {
  const char *at = lower.data(), *const end = at + lower.size();
  if (at < end && *at == '-') ++at;
  if (at < end && (*at == '.' || *at == ',')) ++at;
  if (at == end) return false;
  Character digit = read_character(at, end);
  if (!digit.is(kDigit)) return false;
  for (at += digit.byte_count; at < end; at += digit.byte_count) {
    digit = read_character(at, end);
    if (!digit.is(kDigit) && *at != ',' && *at != '.' && *at != '-') return false;
  }
  return true;
}

FirstCase case_of(const Character& character) {
  if (character.is(kLower)) return FirstCase::kLower;
  return character.is(kUpper) ? FirstCase::kUpper : FirstCase::kNone;
}

}  // namespace

bool is_non_word(char32_t code_point) {
  if (code_point < 128) return kIsNonWord[code_point];
  return code_point == 0xAB || code_point == 0xBB || code_point == 0x2018 || code_point == 0x2019 ||
         code_point == 0x201C || code_point == 0x201D;
}

bool WordCutter::next(std::string_view& word) {
  while (at_ < end_ && is_space_at(at_, end_)) at_ += read_character(at_, end_).byte_count;
  if (at_ == end_) return false;
  const char* const begin = at_;
  at_ = find_end_of_marks(begin, end_);
  if (at_ == begin) {
    const Character first = read_character(begin, end_);
    at_ = begin + first.byte_count;
    if (begins_word(first.code_point))
      while (!ends_word(at_, end_)) at_ += read_character(at_, end_).byte_count;
  }
  word = std::string_view(begin, static_cast<size_t>(at_ - begin));
  return true;
}

void PunktToken::read(std::string_view word) {
  lower.clear();
  append_lower(word, lower);
  const char *at = word.data(), *const end = at + word.size();
  const Character first = read_character(at, end);
  first_case = case_of(first);
  is_period_final = word.back() == '.';
  is_sentence_end = word == "." || word == "?" || word == "!";
  opens_with_internal = *at == ',' || *at == ':' || *at == ';';
  is_punctuation = is_sentence_end || (opens_with_internal && word.size() == 1);
  ends_in_two_dots = word.size() >= 2 && word.ends_with("..");
  is_ellipsis = ends_in_two_dots && word.find_first_not_of('.') == word.npos;
  is_initial = first.is(kLetter) && word.size() == static_cast<size_t>(first.byte_count) + 1 && is_period_final;
  is_number = is_number_type(lower);
  is_alphabetic = true;
  is_non_punctuation = is_number;
  for (; at < end;) {
    const Character character = read_character(at, end);
    (character.is(kLetter) ? is_non_punctuation : is_alphabetic) = character.is(kLetter);
    at += character.byte_count;
  }
  is_break = is_abbreviation = has_ellipsis_mark = false;
}

std::string_view PunktToken::type_without_period() const {
  std::string_view whole = type();
  if (whole.size() > 1 && whole.back() == '.') whole.remove_suffix(1);
  return whole;
}

bool has_letter(std::string_view type) {
  for (const char *at = type.data(), *const end = at + type.size(); at < end;) {
    const Character character = read_character(at, end);
    if (character.is(kLetter)) return true;
    at += character.byte_count;
  }
  return false;
}

}  // namespace retort::corpus
