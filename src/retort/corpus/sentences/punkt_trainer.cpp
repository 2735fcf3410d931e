// The order of operations in the formulas is NLTK's, so that scores at a threshold round alike.
#include "retort/corpus/sentences/punkt_trainer.h"

#include <algorithm>
#include <cmath>

#include "retort/base/thread.h"

namespace retort::corpus {
namespace {

constexpr double kAbbreviationScore = 0.3, kCollocationRatio = 7.88, kStarterRatio = 30;
constexpr int64_t kRareCount = 5;            // rarer types may be abbreviations by their neighbors
constexpr size_t kStretchBytes = 256 << 10;  // of lines that one thread takes at a time

// The bit of the context table for a position and a case.
enum class Place { kInternal, kInitial, kUnknown };

uint8_t context_bit(Place place, FirstCase first_case) {
  if (first_case == FirstCase::kNone) return 0;
  const bool is_upper = first_case == FirstCase::kUpper;
  if (place == Place::kInitial) return is_upper ? kBeginningUpper : kBeginningLower;
  if (place == Place::kInternal) return is_upper ? kMiddleUpper : kMiddleLower;
  return is_upper ? kUnknownUpper : kUnknownLower;
}

// The position of the word after this one.
Place place_after(const PunktToken& token) {
  if (token.is_break) return token.is_number || token.is_initial ? Place::kUnknown : Place::kInitial;
  return token.has_ellipsis_mark || token.is_abbreviation ? Place::kUnknown : Place::kInternal;
}

size_t shard_of(uint64_t hash) { return hash >> 60; }

// Neighboring lines of about kStretchBytes each.
std::vector<std::span<const std::string_view>> cut_stretches(std::span<const std::string_view> lines) {
  std::vector<std::span<const std::string_view>> stretches;
  size_t begin = 0, bytes = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    bytes += lines[i].size();
    if (bytes < kStretchBytes && i + 1 < lines.size()) continue;
    stretches.push_back(lines.subspan(begin, i + 1 - begin));
    begin = i + 1;
    bytes = 0;
  }
  return stretches;
}

bool is_only_space(std::string_view line) { return strip(line).empty(); }

int64_t count_characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; });
}

std::string_view without_last_character(std::string_view text) {
  while (!text.empty() && (text.back() & 0xC0) == 0x80) text.remove_suffix(1);
  if (!text.empty()) text.remove_suffix(1);
  return text;
}

// a*ln(p) + b*ln(1-p); 0 where a logarithm is not defined.
double log_likelihood(double a, double b, double p) {
  return p > 0 && 1.0 - p > 0 ? a * std::log(p) + b * std::log(1.0 - p) : 0;
}

}  // namespace

double dunning_ratio(int64_t count_a, int64_t count_b, int64_t both, int64_t words) {
  const auto a = static_cast<double>(count_a), b = static_cast<double>(count_b), ab = static_cast<double>(both),
             n = static_cast<double>(words);
  const double p = b / n, p1 = ab / a, p2 = n == a ? 1 : (b - ab) / (n - a);
  const double summand1 = log_likelihood(ab, a - ab, p);
  const double summand2 = log_likelihood(b - ab, n - a - b + ab, p);
  const double summand3 = a == ab || p1 <= 0 || p1 >= 1 ? 0 : log_likelihood(ab, a - ab, p1);
  const double summand4 = b == ab || p2 <= 0 || p2 >= 1 ? 0 : log_likelihood(b - ab, n - a - b + ab, p2);
  return -2.0 * (summand1 + summand2 - summand3 - summand4);
}

double abbreviation_score(std::string_view type, int64_t with_period, int64_t without_period, int64_t periods,
                          int64_t words) {
  const auto ab = static_cast<double>(with_period), rest = static_cast<double>(without_period);
  const double p1 = static_cast<double>(periods) / static_cast<double>(words), p2 = 0.99;
  const double null_hypothesis = ab * std::log(p1 + 1e-8) + rest * std::log(1.0 - p1 + 1e-8);
  const double alternative = ab * std::log(p2) + rest * std::log(1.0 - p2);
  const double ratio = -2.0 * (null_hypothesis - alternative);
  const auto dots = static_cast<int64_t>(std::count(type.begin(), type.end(), '.'));
  const auto non_periods = static_cast<double>(count_characters(type) - dots);
  return ratio * std::exp(-non_periods) * static_cast<double>(dots + 1) * std::pow(non_periods, -rest);
}

int64_t PunktTrainer::type_count() const {
  int64_t count = 0;
  for (const TypeTable& table : types_) count += static_cast<int64_t>(table.size());
  return count;
}

const PunktTrainer::TypeCounts* PunktTrainer::find_type(std::string_view type) const {
  return types_[shard_of(TypeTable::hash_of(type))].find(type);
}

int64_t PunktTrainer::count_of(std::string_view type) const {
  const TypeCounts* const counts = find_type(type);
  return counts == nullptr ? 0 : counts->count;
}

int64_t PunktTrainer::count_with_period(std::string_view type) const { return count_of(std::string(type) + "."); }

void PunktTrainer::count(std::span<const std::string_view> lines) {
  RETORT_CHECK(is_counting_, "lines are counted after others were observed");
  const auto parts = cut_stretches(lines);
  std::vector<Stretch> stretches(parts.size());
  parallel_for(static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
    PunktToken token;
    for (int64_t i = begin; i < end; ++i) {
      Stretch& stretch = stretches[i];
      for (const std::string_view line : parts[i]) {
        if (is_only_space(line)) continue;
        WordCutter cutter(line);
        for (std::string_view word; cutter.next(word);) {
          token.read(word);
          ++stretch.types[token.type()].count;
          ++stretch.token_count;
          stretch.period_count += token.is_period_final;
        }
      }
    }
  });
  add(stretches);
}

// Adds every stretch's tables to the shards, each of which one thread fills.
void PunktTrainer::add(std::vector<Stretch>& stretches) {
  parallel_for(kShards, 1, [&](int64_t begin, int64_t end) {
    for (const Stretch& stretch : stretches) {
      const auto is_ours = [&](uint64_t hash) {
        const auto shard = static_cast<int64_t>(shard_of(hash));
        return shard >= begin && shard < end;
      };
      for (const TypeTable::Entry& entry : stretch.types.entries()) {
        if (!is_ours(entry.hash)) continue;
        TypeCounts& sum = types_[shard_of(entry.hash)].at_hash(stretch.types.text_of(entry), entry.hash);
        sum.count += entry.value.count;
        sum.starter += entry.value.starter;
        sum.orthography |= entry.value.orthography;
      }
      for (const PairTable::Entry& entry : stretch.collocations.entries())
        if (is_ours(entry.hash))
          collocations_[shard_of(entry.hash)].at_hash(stretch.collocations.text_of(entry), entry.hash) += entry.value;
      for (const TextSet::Entry& entry : stretch.rare_pairs.entries())
        if (is_ours(entry.hash))
          rare_pairs_[shard_of(entry.hash)].at_hash(stretch.rare_pairs.text_of(entry), entry.hash);
      for (const TextSet::Entry& entry : stretch.rare_types.entries())
        if (is_ours(entry.hash))
          rare_types_[shard_of(entry.hash)].at_hash(stretch.rare_types.text_of(entry), entry.hash);
    }
  });
  for (const Stretch& stretch : stretches) {
    token_count_ += stretch.token_count;
    period_count_ += stretch.period_count;
    break_count_ += stretch.break_count;
  }
}

void PunktTrainer::choose_abbreviations() {
  is_counting_ = false;
  for (const TypeTable& table : types_) {
    for (const TypeTable::Entry& entry : table.entries()) {
      std::string_view type = table.text_of(entry);
      if (!type.ends_with('.') || !has_letter(type)) continue;
      type.remove_suffix(1);
      const double score = abbreviation_score(type, entry.value.count, count_of(type), period_count_, token_count_);
      if (score >= kAbbreviationScore) parameters_.abbreviations[type];
    }
  }
}

void PunktTrainer::see_first_of_line(const PunktToken* before, const PunktToken& token, bool opens_paragraph,
                                     TypeTable& types) const {
  Place place = before == nullptr ? Place::kInternal : place_after(*before);
  if (opens_paragraph && place != Place::kUnknown) place = Place::kInitial;
  if (place == Place::kInternal) place = Place::kUnknown;
  const uint8_t bit = context_bit(place, token.first_case);
  if (bit != 0) types[token.type_without_sentence_period()].orthography |= bit;
}

void PunktTrainer::observe_stretch(std::span<const std::string_view> lines, bool opens_paragraph,
                                   Stretch& stretch) const {
  PunktToken token;
  for (const std::string_view line : lines) {
    if (is_only_space(line)) {
      opens_paragraph = true;
      continue;
    }
    WordCutter cutter(line);
    bool is_first_of_line = true;
    for (std::string_view word; cutter.next(word); is_first_of_line = false) {
      token.read(word);
      annotate_word(token, parameters_);
      stretch.break_count += token.is_break;
      if (!stretch.has_tokens) {
        stretch.first = token;
        stretch.first_opens_paragraph = opens_paragraph;
      } else {
        if (is_first_of_line) {
          see_first_of_line(&stretch.last, token, opens_paragraph, stretch.types);
        } else if (const uint8_t bit = context_bit(place_after(stretch.last), token.first_case); bit != 0) {
          stretch.types[token.type_without_sentence_period()].orthography |= bit;
        }
        see_pair(stretch.last, token, stretch);
      }
      stretch.has_tokens = true;
      std::swap(stretch.last, token);
    }
    opens_paragraph = false;
  }
}

// A break that is no abbreviation and occurs less than kRareCount times without its period.
bool PunktTrainer::is_rare(const PunktToken& token) const {
  if (token.is_abbreviation || !token.is_break) return false;
  const std::string_view type = token.type_without_sentence_period();
  return count_of(type) + count_of(without_last_character(type)) < kRareCount &&
         !parameters_.abbreviations.contains(type);
}

void PunktTrainer::see_pair(const PunktToken& token, const PunktToken& next, Stretch& stretch) const {
  if (!token.is_period_final || !token.is_break) return;
  if ((next.opens_with_internal || next.first_case == FirstCase::kLower) && is_rare(token)) {
    const std::string_view type = token.type_without_sentence_period();
    if (next.opens_with_internal)
      stretch.rare_types[type];
    else
      stretch.rare_pairs[PunktParameters::pair_key(type, next.type_without_sentence_period())];
  }
  const bool is_number_or_initial = token.is_number || token.is_initial;
  if (!is_number_or_initial && next.is_alphabetic) ++stretch.types[next.type()].starter;
  if (is_number_or_initial && token.is_non_punctuation && next.is_non_punctuation)
    ++stretch.collocations[PunktParameters::pair_key(token.type_without_period(), next.type_without_sentence_period())];
}

void PunktTrainer::observe(std::span<const std::string_view> lines) {
  if (is_counting_) choose_abbreviations();
  const auto parts = cut_stretches(lines);
  std::vector<char> opens_paragraph(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    opens_paragraph[i] = blank_line_came_;
    blank_line_came_ = is_only_space(parts[i].back());
  }
  std::vector<Stretch> stretches(parts.size());
  parallel_for(static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) observe_stretch(parts[i], opens_paragraph[i] != 0, stretches[i]);
  });
  for (Stretch& stretch : stretches) {
    if (!stretch.has_tokens) continue;
    see_first_of_line(has_last_ ? &last_ : nullptr, stretch.first, stretch.first_opens_paragraph, stretch.types);
    if (has_last_) see_pair(last_, stretch.first, stretch);
    last_ = stretch.last;
    has_last_ = true;
  }
  add(stretches);
}

bool PunktTrainer::is_starter(std::string_view type, const TypeCounts& counts) const {
  const int64_t total = counts.count + count_with_period(type);
  if (counts.starter == 0 || total < counts.starter) return false;
  const double ratio = dunning_ratio(break_count_, total, counts.starter, token_count_);
  const double words = static_cast<double>(token_count_), breaks = static_cast<double>(break_count_);
  return ratio >= kStarterRatio && words / breaks > static_cast<double>(total) / static_cast<double>(counts.starter);
}

bool PunktTrainer::is_collocation(std::string_view pair, int64_t count) const {
  const size_t middle = pair.find('\n');
  const std::string_view first = pair.substr(0, middle), second = pair.substr(middle + 1);
  if (parameters_.starters.contains(second)) return false;
  const int64_t first_total = count_of(first) + count_with_period(first);
  const int64_t second_total = count_of(second) + count_with_period(second);
  if (first_total <= 1 || second_total <= 1 || count <= 1 || count > std::min(first_total, second_total)) return false;
  const double words = static_cast<double>(token_count_);
  return dunning_ratio(first_total, second_total, count, token_count_) >= kCollocationRatio &&
         words / static_cast<double>(first_total) > static_cast<double>(second_total) / static_cast<double>(count);
}

PunktParameters PunktTrainer::finish() {
  if (is_counting_) choose_abbreviations();
  for (const TypeTable& table : types_) {
    for (const TypeTable::Entry& entry : table.entries()) {
      if (entry.value.orthography != 0) parameters_.orthography[table.text_of(entry)] = entry.value.orthography;
      if (is_starter(table.text_of(entry), entry.value)) parameters_.starters[table.text_of(entry)];
    }
  }
  for (const PairTable& table : collocations_)
    for (const PairTable::Entry& entry : table.entries())
      if (is_collocation(table.text_of(entry), entry.value)) parameters_.collocations[table.text_of(entry)];
  for (const TextSet& table : rare_types_)
    for (const TextSet::Entry& entry : table.entries()) parameters_.abbreviations[table.text_of(entry)];
  for (const TextSet& table : rare_pairs_) {
    for (const TextSet::Entry& entry : table.entries()) {
      const std::string_view pair = table.text_of(entry);
      const size_t middle = pair.find('\n');
      const uint8_t seen = parameters_.orthography.value_or_default(pair.substr(middle + 1));
      if ((seen & kBeginningUpper) && !(seen & kMiddleUpper)) parameters_.abbreviations[pair.substr(0, middle)];
    }
  }
  return std::move(parameters_);
}

}  // namespace retort::corpus
