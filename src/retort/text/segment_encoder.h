// Encodes the text between special tokens: normalizes it, splits it into words at white space and punctuation, and
// passes each word to WordPiece. Plain ASCII uses a byte table; everything else uses the normalizer.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "retort/text/normalizer.h"
#include "retort/text/wordpiece.h"

namespace retort::text {

// The current word and the source of each of its bytes; reused for all words to avoid allocations.
struct WordBuffer {
  std::vector<char> bytes;
  std::vector<Range> sources;
};

// The sink of a Normalizer: collects code points into words and appends the pieces of each word to `out`.
class WordCollector {
 public:
  WordCollector(const WordPiece& pieces, WordBuffer& word, Encoding& out) : pieces_(pieces), word_(word), out_(out) {}
  void put(char32_t code_point, Range source);
  // Ends the current word; must be called after the last code point.
  void finish();

 private:
  void append(char32_t code_point, Range source);

  const WordPiece& pieces_;
  WordBuffer& word_;
  Encoding& out_;
  int64_t character_count_ = 0;  // above max_word_characters only this count and the range are updated
  Range whole_ = {};
};

// Buffers that are reused for all segments of a text.
struct SegmentScratch {
  MarkRun run;
  WordBuffer word;
};

class SegmentEncoder {
 public:
  SegmentEncoder() : SegmentEncoder(NormalizerOptions{}) {}
  explicit SegmentEncoder(const NormalizerOptions& options);

  // Appends the pieces of bytes `segment` of the text, which contain no special token.
  void encode(const WordPiece& pieces, std::string_view text, Range segment, SegmentScratch& scratch,
              Encoding& out) const;
  const Normalizer& normalizer() const { return normalizer_; }

 private:
  enum class ByteClass : uint8_t { kOther, kSpace, kPunctuation };
  static constexpr int32_t kPlainBytes = 112;  // longer words use the normalizer

  ByteClass class_of(std::string_view text, size_t at) const { return classes_[static_cast<uint8_t>(text[at])]; }
  bool ends_word(std::string_view text, size_t at) const {
    return at == text.size() || class_of(text, at) != ByteClass::kOther;
  }
  // The word of letters and digits at `at`; 0 bytes when it is longer than ShortWord allows or contains other bytes.
  ShortWord short_word_at(std::string_view text, size_t at) const;
  // Each appends the pieces of the word at `at` and returns the position after it.
  size_t encode_long(const WordPiece& pieces, std::string_view text, size_t at, SegmentScratch& scratch,
                     Encoding& out) const;
  size_t encode_any(const WordPiece& pieces, std::string_view text, size_t at, SegmentScratch& scratch,
                    Encoding& out) const;

  Normalizer normalizer_;
  std::array<ByteClass, 256> classes_{};
  std::array<char, 256> word_bytes_{};  // ASCII word bytes, lower-cased if requested; 0: no word byte
  uint64_t lowercase_;                  // for take_alphanumeric
};

}  // namespace retort::text
