// Lines of text -> Punkt's parameters, without supervision: those of nltk.tokenize.punkt.PunktTrainer (NLTK 3.10,
// default settings) for the same text. The text is read twice: `count` for all of it, then `observe` for all of it.
// Counts are summed in tables that grow only with the types, so the result does not depend on the number of threads or
// of calls.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "retort/corpus/sentences/punkt_parameters.h"

namespace retort::corpus {

class PunktTrainer {
 public:
  // Pass 1: the next lines, without their ends; how often each type occurs.
  void count(std::span<const std::string_view> lines);
  // Pass 2, over the same lines: the cases of types, types that begin sentences, pairs. Blank lines separate
  // paragraphs.
  void observe(std::span<const std::string_view> lines);
  // Computes the parameters; call it once.
  PunktParameters finish();

  int64_t token_count() const { return token_count_; }
  int64_t type_count() const;

 private:
  static constexpr size_t kShards = 16;  // tables, by the hash of the type, so that several threads can add to them

  struct TypeCounts {
    int64_t count = 0;    // occurrences of the type, which may end in a period
    int64_t starter = 0;  // after a break
    uint8_t orthography = 0;
  };
  using TypeTable = TextTable<TypeCounts>;
  using PairTable = TextTable<int64_t>;

  // The counts of one range of lines. Its first token is counted later, when the token before it is known.
  struct Stretch {
    TypeTable types;
    PairTable collocations;
    TextSet rare_pairs;  // a rare type before a lower-case word
    TextSet rare_types;  // a rare type before `,`, `:` or `;`
    PunktToken first, last;
    bool has_tokens = false, first_opens_paragraph = false;
    int64_t token_count = 0, period_count = 0, break_count = 0;
  };

  void choose_abbreviations();
  void observe_stretch(std::span<const std::string_view> lines, bool opens_paragraph, Stretch& stretch) const;
  void see_first_of_line(const PunktToken* before, const PunktToken& token, bool opens_paragraph,
                         TypeTable& types) const;
  void see_pair(const PunktToken& token, const PunktToken& next, Stretch& stretch) const;
  void add(std::vector<Stretch>& stretches);
  const TypeCounts* find_type(std::string_view type) const;
  int64_t count_of(std::string_view type) const;
  int64_t count_with_period(std::string_view type) const;
  bool is_rare(const PunktToken& token) const;
  bool is_starter(std::string_view type, const TypeCounts& counts) const;
  bool is_collocation(std::string_view pair, int64_t count) const;

  std::array<TypeTable, kShards> types_;
  std::array<PairTable, kShards> collocations_;
  std::array<TextSet, kShards> rare_pairs_, rare_types_;
  PunktParameters parameters_;
  int64_t token_count_ = 0, period_count_ = 0, break_count_ = 0;
  bool is_counting_ = true, has_last_ = false, blank_line_came_ = false;
  PunktToken last_;
};

// The log-likelihood ratio of collocations (Dunning 1993): b follows a in `both` of `total` words. A term whose
// logarithm is not defined counts 0, as in NLTK.
double dunning_ratio(int64_t count_a, int64_t count_b, int64_t both, int64_t words);
// The one of abbreviations, times the three factors of Kiss & Strunk: how much a type without its period is one.
double abbreviation_score(std::string_view type, int64_t with_period, int64_t without_period, int64_t periods,
                          int64_t words);

}  // namespace retort::corpus
