// The part of the tokenizer between special tokens: normalize, split into words at white space and punctuation, and
// hand each word to WordPiece. Plain ASCII goes through a byte table; everything else through the normalizer.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "retort/text/normalizer.h"
#include "retort/text/wordpiece.h"

namespace retort::text {

// A word in the making and the source of each of its bytes; kept between words so that nothing is allocated for one.
struct WordBuffer {
  std::vector<char> bytes;
  std::vector<Range> sources;
};

// Collects normalized code points into words and appends the pieces of each to `out`: the sink of a Normalizer.
class WordCollector {
 public:
  WordCollector(const WordPiece& pieces, WordBuffer& word, Encoding& out) : pieces_(pieces), word_(word), out_(out) {}
  void put(char32_t code_point, Range source);
  // Ends the word at hand; to be called after the last code point.
  void finish();

 private:
  void append(char32_t code_point, Range source);

  const WordPiece& pieces_;
  WordBuffer& word_;
  Encoding& out_;
  int64_t character_count_ = 0;  // beyond max_word_characters only this and the ends still matter
  Range whole_ = {};
};

// What stays allocated between the segments of one text.
struct SegmentScratch {
  MarkRun run;
  WordBuffer word;
};

class SegmentEncoder {
 public:
  SegmentEncoder() : SegmentEncoder(NormalizerOptions{}) {}
  explicit SegmentEncoder(const NormalizerOptions& options);

  // Appends the pieces of bytes `segment` of the text, which holds no special token.
  void encode(const WordPiece& pieces, std::string_view text, Range segment, SegmentScratch& scratch,
              Encoding& out) const;
  const Normalizer& normalizer() const { return normalizer_; }

 private:
  enum class ByteClass : uint8_t { kOther, kSpace, kPunctuation };
  static constexpr int32_t kPlainBytes = 112;  // longer words take the general way

  ByteClass class_of(std::string_view text, size_t at) const { return classes_[static_cast<uint8_t>(text[at])]; }
  bool ends_word(std::string_view text, size_t at) const {
    return at == text.size() || class_of(text, at) != ByteClass::kOther;
  }
  // The word of letters and digits at `at`; 0 bytes when it is longer than a short word, or goes on with other bytes.
  ShortWord short_word_at(std::string_view text, size_t at) const;
  // Each appends the pieces of the word at `at` and returns where the text goes on.
  size_t encode_long(const WordPiece& pieces, std::string_view text, size_t at, SegmentScratch& scratch,
                     Encoding& out) const;
  size_t encode_any(const WordPiece& pieces, std::string_view text, size_t at, SegmentScratch& scratch,
                    Encoding& out) const;

  Normalizer normalizer_;
  std::array<ByteClass, 256> classes_{};
  std::array<char, 256> word_bytes_{};  // ASCII bytes of words, in the letter case asked for; 0: not plain
  uint64_t lowercase_;                  // for take_plain
};

}  // namespace retort::text
