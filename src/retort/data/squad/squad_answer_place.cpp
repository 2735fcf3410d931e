#include "retort/data/squad/squad_answer_place.h"

#include <fmt/format.h>

#include <algorithm>

namespace retort::data {
namespace {

bool stands_at(std::string_view context, int64_t byte, std::string_view text) {
  return byte >= 0 && byte <= static_cast<int64_t>(context.size()) &&
         context.substr(static_cast<size_t>(byte)).starts_with(text);
}

// Returns the byte of the UTF-16 code unit `unit`, or -1 outside the text.
int64_t byte_of_utf16_unit(std::string_view context, int64_t unit) {
  int64_t units = 0;
  for (size_t at = 0; at < context.size(); ++at) {
    const auto byte = static_cast<unsigned char>(context[at]);
    if ((byte & 0xC0) == 0x80) continue;
    if (units >= unit) return units == unit ? static_cast<int64_t>(at) : -1;
    units += byte >= 0xF0 ? 2 : 1;
  }
  return -1;
}

// Returns "bytes" or "UTF-16 units" when the answer is at its offset in this unit; null otherwise.
const char* other_unit(std::string_view context, const SquadAnswer& answer) {
  if (stands_at(context, answer.start, answer.text)) return "bytes";
  if (stands_at(context, byte_of_utf16_unit(context, answer.start), answer.text)) return "UTF-16 units";
  return nullptr;
}

// Returns whether the answer contains white space that separates no words (for example U+00A0). The reference procedure
// cannot find such an answer in the joined words. Nearly all answers are printable ASCII with spaces only.
bool has_odd_white_space(const std::string& text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; })) return false;
  const std::vector<text::Range> words = split_words(text);
  return !words.empty() && collapse_white_space(text) != join_words(text, words, 0, words.size() - 1);
}

std::string shortened(std::string_view text) {
  constexpr size_t kShown = 80;
  if (text.size() <= kShown) return std::string(text);
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return fmt::format("{}...", text.substr(0, end));
}

}  // namespace

text::Range locate_answer(std::string_view context, const CodePointIndex& code_points, const SquadAnswer& answer,
                          const PlaceName& place) {
  if (answer.text.empty())
    throw BadRecord{"empty answer", fmt::format("{} must belong to an answer, but its `text` is empty", place())};
  const int64_t length = count_code_points(answer.text);
  const bool inside = answer.start >= 0 && answer.start < code_points.code_points();
  text::Range range;
  if (inside) {
    const int64_t end = std::min(answer.start + length, code_points.code_points());
    range = {static_cast<int32_t>(code_points.byte_of(answer.start)), static_cast<int32_t>(code_points.byte_of(end))};
    if (stands_at(context, range.begin, answer.text)) {
      if (!has_odd_white_space(answer.text)) return range;
      throw BadRecord{
          "unusual white space",
          fmt::format("{} must belong to an answer of words, but `{}` has white space that separates no words "
                      "(such as U+00A0), which the reference procedure cannot align",
                      place(), shortened(answer.text)),
          /*always_skipped=*/true};
    }
  }
  if (const char* unit = code_points.is_ascii() ? nullptr : other_unit(context, answer))
    throw BadRecord{"offset in " + std::string(unit),
                    fmt::format("{} must count code points, but {} counts {} (the answer `{}` is there)", place(),
                                answer.start, unit, shortened(answer.text))};
  if (!inside)
    throw BadRecord{"offset outside the context",
                    fmt::format("{} must be from 0 to {} (code points of the context), but is {}", place(),
                                code_points.code_points() - 1, answer.start)};
  // The reference procedure uses whole words, so an offset that is wrong by a few characters still gives the answer.
  const std::vector<text::Range> words = split_words(context);
  const int64_t first = word_at(words, range.begin), last = word_at(words, range.end - 1);
  const std::string covered =
      first < 0 ? "" : join_words(context, words, static_cast<size_t>(first), static_cast<size_t>(last));
  if (covered.find(collapse_white_space(answer.text)) != std::string::npos) return range;
  throw BadRecord{"answer not found",
                  fmt::format("{} must be the start of the answer `{}`, but `{}` is there", place(),
                              shortened(answer.text), shortened(covered)),
                  /*always_skipped=*/true};
}

}  // namespace retort::data
