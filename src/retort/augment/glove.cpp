#include "retort/augment/glove.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/thread.h"
#include "retort/text/unicode.h"

namespace retort::augment {
namespace {

constexpr bool is_gap(char c) { return c == ' ' || c == '\t'; }

std::string_view without_line_end(std::string_view line) {
  while (!line.empty() && (is_gap(line.back()) || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

// Removes and returns the first field of `rest`, with the white space after it.
std::string_view take_field(std::string_view& rest) {
  const auto end = static_cast<size_t>(std::find_if(rest.begin(), rest.end(), is_gap) - rest.begin());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(end);
  while (!rest.empty() && is_gap(rest.front())) rest.remove_prefix(1);
  return field;
}

int64_t count_fields(std::string_view line) {
  int64_t count = 0;
  while (!line.empty()) take_field(line), ++count;
  return count;
}

struct Line {
  int64_t number = 0;  // in the file, from 1
  std::string_view text;
};

// Returns the first lines of the file that are not blank.
std::vector<Line> split_lines(std::string_view text, int64_t max_rows) {
  std::vector<Line> lines;
  for (int64_t number = 1; !text.empty() && static_cast<int64_t>(lines.size()) < max_rows; ++number) {
    const std::string_view whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    if (const std::string_view line = without_line_end(whole); !line.empty()) lines.push_back({number, line});
  }
  return lines;
}

bool is_whole_number(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Returns whether the line is "400000 300", the count and width that word2vec and fastText write first.
bool is_count_line(std::string_view line) {
  const std::string_view first = take_field(line);
  return is_whole_number(first) && is_whole_number(line);
}

std::string shown(std::string_view field) {
  constexpr size_t kShownBytes = 40;
  return text::is_valid_utf8(field) && field.size() <= kShownBytes ? std::string(field) : "something else";
}

// Returns what is wrong with the numbers after a word, or ""; `out` [width] gets them normalized to length 1. `out` is
// empty for a line that is too short.
std::string read_vector(std::string_view rest, size_t width, std::span<float> out) {
  size_t count = 0;
  double square_sum = 0;
  for (; !rest.empty(); ++count) {
    const std::string_view field = take_field(rest);
    float value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(value))
      return fmt::format("number {} must be a finite number, but is `{}`", count + 1, shown(field));
    if (count < out.size()) out[count] = value, square_sum += static_cast<double>(value) * value;
  }
  if (count != width) return fmt::format("must hold a word and {} numbers, but holds {}", width, count);
  if (square_sum == 0) return "must have a vector other than zero, but all its numbers are zero";
  const double scale = 1 / std::sqrt(square_sum);
  for (float& value : out) value = static_cast<float>(value * scale);
  return "";
}

// Returns what is wrong with a line, or "".
std::string read_line(const Line& line, size_t width, std::string_view& word, std::span<float> out) {
  std::string_view rest = line.text;
  word = take_field(rest);
  if (!text::is_valid_utf8(word)) return "must begin with a word in UTF-8, but does not";
  return word == "<unk>" ? "" : read_vector(rest, width, out);
}

// Returns the most frequent number of values in the first lines, of which at least one must be valid; else 0.
int64_t find_width(std::span<const Line> lines) {
  constexpr size_t kLinesAsked = 16;
  const std::span<const Line> first = lines.first(std::min(lines.size(), kLinesAsked));
  std::vector<int64_t> widths;
  for (const Line& line : first) widths.push_back(count_fields(line.text) - 1);
  const auto occurrences = [&](int64_t width) { return std::count(widths.begin(), widths.end(), width); };
  const auto commonest = std::max_element(widths.begin(), widths.end(),
                                          [&](int64_t a, int64_t b) { return occurrences(a) < occurrences(b); });
  if (commonest == widths.end() || *commonest < 1) return 0;
  std::vector<float> ignored(static_cast<size_t>(*commonest));
  std::string_view word;
  const auto is_good = [&](const Line& line) { return read_line(line, ignored.size(), word, ignored).empty(); };
  return std::any_of(first.begin(), first.end(), is_good) ? *commonest : 0;
}

// A word and `width` numbers have at least this many bytes, so vectors take at most twice the memory of the file.
bool has_room(std::string_view line, size_t width) { return line.size() > 2 * width; }

// Parsed lines; `values` has their vectors in order.
struct ReadLines {
  std::vector<size_t> places;  // [lines] index of the vector; for lines without one, that of the next
  std::vector<std::string_view> words;
  std::vector<std::string> problems;
  std::vector<float> values;
};

ReadLines read_lines(std::span<const Line> lines, size_t width) {
  ReadLines read;
  read.words.resize(lines.size()), read.problems.resize(lines.size());
  size_t vectors = 0;
  for (const Line& line : lines) read.places.push_back(has_room(line.text, width) ? vectors++ : vectors);
  read.values.resize(vectors * width);
  parallel_for(static_cast<int64_t>(lines.size()), 256, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const bool fits = has_room(lines[i].text, width);
      const auto out = fits ? std::span(read.values).subspan(read.places[i] * width, width) : std::span<float>();
      read.problems[i] = read_line(lines[i], width, read.words[i], out);
    }
  });
  return read;
}

}  // namespace

GloveVectors GloveVectors::load(const std::filesystem::path& path, const GloveOptions& options) {
  GloveVectors vectors;
  vectors.file_ = std::make_shared<const MappedFile>(path);
  std::vector<Line> lines = split_lines(vectors.file_->text(), options.max_rows);
  if (!lines.empty() && is_count_line(lines.front().text)) lines.erase(lines.begin());
  const auto width = static_cast<size_t>(vectors.width_ = find_width(lines));
  if (width == 0)
    throw UserError(
        "`{}` must have a word and its numbers on every line, but its first lines do not; unpack the "
        "archive, or choose another --glove_embs",
        path.string());
  ReadLines read = read_lines(lines, width);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!read.problems[i].empty()) {
      if (options.on_bad_record == data::OnBadRecord::kFail)
        throw UserError("`{}` line {}: {}; fix the line, or pass --on_bad_record skip to skip such lines",
                        path.string(), lines[i].number, read.problems[i]);
      vectors.skipped_.add("invalid lines", fmt::format("line {}: {}", lines[i].number, read.problems[i]));
      continue;
    }
    const size_t index = vectors.words_.size();
    if (read.words[i] == "<unk>" || !vectors.indexes_.emplace(read.words[i], static_cast<int64_t>(index)).second)
      continue;
    if (index != read.places[i])  // fill the gaps of skipped lines
      std::copy_n(read.values.begin() + static_cast<ptrdiff_t>(read.places[i] * width), width,
                  read.values.begin() + static_cast<ptrdiff_t>(index * width));
    vectors.words_.push_back(read.words[i]);
  }
  read.values.resize(vectors.words_.size() * width);
  vectors.values_ = std::move(read.values);
  for (const std::string& message : vectors.skipped_.messages) log_warning("`{}`: skipped: {}", path.string(), message);
  if (vectors.skipped_.count > 0) log_warning("`{}`: {}", path.string(), vectors.skipped_.summary());
  return vectors;
}

std::optional<int64_t> GloveVectors::maybe_find(std::string_view word) const {
  const auto found = indexes_.find(word);
  return found == indexes_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace retort::augment
