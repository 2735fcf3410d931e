// The four tables of Punkt (Kiss & Strunk 2006), from a file or from training, and the two passes that annotate words
// by them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "retort/base/file.h"
#include "retort/corpus/sentences/punkt_words.h"
#include "retort/corpus/sentences/text_table.h"

namespace retort::corpus {

// In which positions and cases a type occurred; the numbers are those of NLTK's files.
enum OrthographicContext : uint8_t {
  kBeginningUpper = 2,
  kMiddleUpper = 4,
  kUnknownUpper = 8,
  kBeginningLower = 16,
  kMiddleLower = 32,
  kUnknownLower = 64,
  kAnyUpper = kBeginningUpper | kMiddleUpper | kUnknownUpper,
  kAnyLower = kBeginningLower | kMiddleLower | kUnknownLower,
};

// Thread-safe for reading.
struct PunktParameters {
  TextSet abbreviations;           // types without their period
  TextSet collocations;            // pair_key of two types
  TextSet starters;                // types that often begin sentences
  TextTable<uint8_t> orthography;  // bits of OrthographicContext

  // One text of two types; tokens hold no line ends.
  static std::string pair_key(std::string_view first, std::string_view second);

  // From a file of `save`, or from a folder with NLTK's abbrev_types.txt, collocations.tab, sent_starters.txt and
  // ortho_context.tab (punkt_tab/english). Throws UserError.
  static PunktParameters load(const fs::path& path);
  // JSON, everything sorted by its bytes: {"format", "abbrev_types", "collocations", "sent_starters",
  // "ortho_context"}.
  void save(const fs::path& path) const;
};

// Pass 1: annotates a word by its own type.
void annotate_word(PunktToken& token, const PunktParameters& parameters);
// Pass 2: changes the annotation of a word by the word after it. `key` is a buffer.
void annotate_pair(PunktToken& token, const PunktToken& next, const PunktParameters& parameters, std::string& key);

}  // namespace retort::corpus
