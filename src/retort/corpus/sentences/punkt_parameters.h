// The four tables that Punkt (Kiss & Strunk 2006) decides by, from a file or from training, and the two passes of
// marks that they give to words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "retort/base/file.h"
#include "retort/corpus/sentences/punkt_words.h"
#include "retort/corpus/sentences/text_table.h"

namespace retort::corpus {

// Where and in which case a type was seen; the numbers are those of NLTK's files.
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

// Pass 1: marks a word by what it is.
void mark_alone(PunktToken& token, const PunktParameters& parameters);
// Pass 2: changes the marks of a word by the one behind it. `key` is room for texts.
void mark_before(PunktToken& token, const PunktToken& next, const PunktParameters& parameters, std::string& key);

}  // namespace retort::corpus
