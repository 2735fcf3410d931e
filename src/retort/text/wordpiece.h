// WordPiece: one normalized word -> the ids of the greedy longest pieces from the left, or the unknown id. Most words
// are short and in the vocabulary, so a hash table of short words is tried first; all others walk the trie of all
// pieces.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retort/text/ascii_word.h"
#include "retort/text/tokenizer.h"
#include "retort/text/trie.h"

namespace retort::text {

struct WordPieceOptions {
  std::string continuation_prefix = "##";
  int32_t unk_id = 0;
  int64_t max_word_characters = 100;
};

// A word of 1 to 11 bytes packed into 96 bits: its bytes, zeros, and the length in the last byte.
struct ShortWord {
  static constexpr size_t kLongest = 11;
  uint64_t low = 0;
  uint32_t high = 0;

  // The bytes after the word must be zero in `low` and `high`.
  static ShortWord of(uint64_t low, uint32_t high, size_t byte_count) {
    return {low, high | static_cast<uint32_t>(byte_count) << 24};
  }
  static ShortWord of(std::string_view word) {
    return of(load_bytes(word, 0), word.size() > 8 ? static_cast<uint32_t>(load_bytes(word, 8)) : 0, word.size());
  }
  size_t byte_count() const { return high >> 24; }
};

class WordPiece {
 public:
  WordPiece() = default;
  // pieces[id] is the text of piece `id`; all are distinct except for empty ones, which never match.
  WordPiece(std::span<const std::string> pieces, WordPieceOptions options);

  // Appends the pieces of a word of at most max_word_characters; offsets are bytes of the word plus `word_begin`.
  void encode(std::string_view word, int32_t word_begin, Encoding& out) const {
    word.size() <= ShortWord::kLongest ? encode(ShortWord::of(word), word_begin, out)
                                       : encode_by_pieces(word, word_begin, out);
  }
  void encode(ShortWord word, int32_t word_begin, Encoding& out) const {
    const int32_t whole = find(word);
    if (whole < 0) return encode_by_pieces(word, word_begin, out);
    out.ids.push_back(whole);
    out.offsets.push_back({word_begin, word_begin + static_cast<int32_t>(word.byte_count())});
  }
  int32_t find(std::string_view piece) const { return trie_.find(piece); }  // -1: none
  const WordPieceOptions& options() const { return options_; }

 private:
  // 16 bytes, so that more slots fit the CPU caches than with the 24 bytes of a ShortWord and an id.
  struct Slot {
    uint64_t low = 0;
    uint32_t high = 0;  // 0: the slot is empty
    int32_t id = -1;
  };
  size_t slot_of(ShortWord word) const {
    constexpr uint64_t kOdd1 = 0x9E3779B97F4A7C15, kOdd2 = 0xC2B2AE3D27D4EB4F;  // large odd constants, as in XXH64
    return ((word.low * kOdd1) ^ std::rotl(word.high * kOdd2, 29)) * kOdd1 >> shift_;
  }
  int32_t find(ShortWord word) const {
    for (size_t at = slot_of(word);; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.low == word.low && slot.high == word.high) return slot.id;
      if (slot.high == 0) return -1;
    }
  }
  void insert_short(std::string_view word, int32_t id);
  void encode_by_pieces(std::string_view word, int32_t word_begin, Encoding& out) const;
  void encode_by_pieces(ShortWord word, int32_t word_begin, Encoding& out) const;

  WordPieceOptions options_;
  Trie trie_;
  int32_t continuation_ = Trie::kNowhere;  // the node of the continuation prefix
  std::vector<Slot> slots_;                // a power of two, at most half full
  int shift_ = 63;
};

}  // namespace retort::text
