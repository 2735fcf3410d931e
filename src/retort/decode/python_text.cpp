#include "retort/decode/python_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

#include "retort/data/squad/squad_words.h"
#include "retort/text/unicode.h"

namespace retort::decode {
namespace {

utf8proc_category_t category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

bool is_letter(utf8proc_category_t c) { return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO; }
bool is_number(utf8proc_category_t c) { return c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO; }

bool is_cased(char32_t c) {
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_LU || kind == UTF8PROC_CATEGORY_LL || kind == UTF8PROC_CATEGORY_LT;
}

bool is_case_ignorable(char32_t c) {
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_ME || kind == UTF8PROC_CATEGORY_CF ||
         kind == UTF8PROC_CATEGORY_LM || kind == UTF8PROC_CATEGORY_SK || c == '\'' || c == '.' || c == ':' ||
         c == 0xB7 || c == 0x2018 || c == 0x2019 || c == 0x2024 || c == 0x2027;
}

// Unicode's Final_Sigma condition: a cased letter before and none after, ignoring case-ignorable characters.
bool is_final_sigma(std::u32string_view text, size_t at) {
  size_t before = at, after = at + 1;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return before > 0 && is_cased(text[before - 1]) && !(after < text.size() && is_cased(text[after]));
}

// Canonical decomposition in canonical order; with `compose` also canonical composition.
std::u32string normalized(std::u32string_view text, bool compose) {
  const std::string utf8 = to_utf8(text);
  std::vector<utf8proc_int32_t> buffer(utf8.size() * 4 + 8);
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
  auto count = utf8proc_decompose(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                                  static_cast<utf8proc_ssize_t>(utf8.size()), buffer.data(),
                                  static_cast<utf8proc_ssize_t>(buffer.size()), options);
  if (count < 0) return std::u32string(text);
  if (compose)
    count = utf8proc_normalize_utf32(buffer.data(), count,
                                     static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  return std::u32string(buffer.begin(), buffer.begin() + count);
}

bool is_dropped(char32_t c) {
  if (c == 0 || c == 0xFFFD) return true;
  if (c == '\t' || c == '\n' || c == '\r') return false;
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_CN || kind >= UTF8PROC_CATEGORY_CC;
}

bool is_ideograph(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool is_punctuation(char32_t c) {
  if ((c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126)) return true;
  const auto kind = category(c);
  return kind >= UTF8PROC_CATEGORY_PC && kind <= UTF8PROC_CATEGORY_PO;
}

// Removes control characters, puts spaces around ideographs, composes.
std::u32string cleaned(std::u32string_view text) {
  std::u32string result;
  bool is_composed = true;  // code points below U+0300 never compose
  for (const char32_t c : text) {
    if (is_dropped(c)) continue;
    is_composed = is_composed && c < 0x300;
    if (is_ideograph(c)) {
      result.append({U' ', c, U' '});
    } else {
      result += data::is_python_space(c) ? U' ' : c;
    }
  }
  return is_composed ? result : normalized(result, /*compose=*/true);
}

std::u32string lowered_without_accents(std::u32string_view word) {
  std::u32string lower;
  for (const char32_t c : word) append_lower(c, lower);
  if (std::all_of(lower.begin(), lower.end(), [](char32_t c) { return c < 0x80; })) return lower;
  std::u32string decomposed = normalized(lower, /*compose=*/false);
  std::erase_if(decomposed, [](char32_t c) { return category(c) == UTF8PROC_CATEGORY_MN; });
  return decomposed;
}

}  // namespace

std::u32string to_code_points(std::string_view utf8) {
  std::u32string result;
  result.reserve(utf8.size());
  for (const char *at = utf8.data(), *end = at + utf8.size(); at < end;) {
    const text::DecodedCodePoint next = text::decode_utf8(at, end);
    result += next.code_point;
    at += next.byte_count;
  }
  return result;
}

std::string to_utf8(std::u32string_view text) {
  std::string result;
  result.reserve(text.size());
  char bytes[4];
  for (const char32_t c : text) result.append(bytes, static_cast<size_t>(text::encode_utf8(c, bytes)));
  return result;
}

void append_lower(char32_t code_point, std::u32string& out) {
  if (code_point < 0x80) {
    out += code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
  } else if (code_point == 0x130) {
    out += U"i\u0307";
  } else {
    out += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point)));
  }
}

std::u32string lower_text(std::u32string_view text) {
  constexpr char32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;
  std::u32string result;
  result.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == kCapitalSigma && is_final_sigma(text, at)) {
      result += kFinalSigma;
    } else {
      append_lower(text[at], result);
    }
  }
  return result;
}

bool is_space(char32_t code_point) { return data::is_python_space(code_point); }

bool is_word_character(char32_t code_point) {
  if (code_point < 0x80)
    return (code_point >= '0' && code_point <= '9') || (code_point >= 'a' && code_point <= 'z') ||
           (code_point >= 'A' && code_point <= 'Z') || code_point == '_';
  const auto kind = category(code_point);
  return is_letter(kind) || is_number(kind);
}

std::u32string basic_tokens(std::u32string_view text, bool do_lower_case) {
  const std::u32string clean = cleaned(text);
  std::u32string result;
  for (size_t at = 0; at < clean.size();) {
    const size_t begin = std::min(clean.find_first_not_of(U' ', at), clean.size());
    at = std::min(clean.find(U' ', begin), clean.size());
    std::u32string word = clean.substr(begin, at - begin);
    if (do_lower_case) word = lowered_without_accents(word);
    bool starts_word = true;
    for (const char32_t c : word) {
      const bool is_alone = is_punctuation(c);
      if ((starts_word || is_alone) && !result.empty()) result += U' ';
      result += c;
      starts_word = is_alone;
    }
  }
  return result;
}

}  // namespace retort::decode
