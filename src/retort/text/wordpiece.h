// WordPiece: one normalized word -> the ids of the greedy longest pieces from the left, or the unknown id.
// Most words are whole pieces, so a small hash table answers first; the rest walks the trie of all pieces.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retort/text/tokenizer.h"
#include "retort/text/trie.h"

namespace retort::text {

struct WordPieceOptions {
  std::string continuation_prefix = "##";
  int32_t unk_id = 0;
  int64_t max_word_characters = 100;
};

class WordPiece {
 public:
  // Bytes that must be readable from the beginning of every word, whatever its length.
  static constexpr int32_t kReadableBytes = 16;

  WordPiece() = default;
  // pieces[id] is the text of piece `id`; all differ and none is empty.
  WordPiece(std::span<const std::string> pieces, WordPieceOptions options);

  // Appends the pieces of a word of at most max_word_characters; offsets are bytes of the word plus `word_begin`.
  // word.data() must have kReadableBytes readable bytes.
  void encode(std::string_view word, int32_t word_begin, Encoding& out) const {
    const int32_t whole = find_short(word);
    if (whole >= 0) {
      out.ids.push_back(whole);
      out.offsets.push_back({word_begin, word_begin + static_cast<int32_t>(word.size())});
    } else {
      encode_by_pieces(word, word_begin, out);
    }
  }
  int32_t find(std::string_view piece) const { return trie_.find(piece); }  // -1: none
  const WordPieceOptions& options() const { return options_; }

 private:
  // Words of up to 11 bytes as one number of 96 bits: the bytes, zeros, and in the last byte the length.
  static constexpr size_t kShortBytes = 11;
  static_assert(std::endian::native == std::endian::little);
  struct Slot {
    uint64_t low = 0;
    uint32_t high = 0;  // 0 is no word: the length is never zero
    int32_t id = -1;
  };
  struct Key {
    uint64_t low;
    uint32_t high;
  };
  static Key key_of(std::string_view word) {
    Key key;
    std::memcpy(&key.low, word.data(), 8);
    std::memcpy(&key.high, word.data() + 8, 4);
    const size_t bits = word.size() * 8;
    key.low = bits >= 64 ? key.low : key.low & ((uint64_t{1} << bits) - 1);
    key.high = bits <= 64 ? 0 : key.high & ((uint32_t{1} << (bits - 64)) - 1);
    key.high |= static_cast<uint32_t>(word.size()) << 24;
    return key;
  }
  size_t slot_of(Key key) const {
    constexpr uint64_t kOdd1 = 0x9E3779B97F4A7C15, kOdd2 = 0xC2B2AE3D27D4EB4F;  // constants of XXH64's kind
    return ((key.low * kOdd1) ^ std::rotl(key.high * kOdd2, 29)) * kOdd1 >> shift_;
  }
  int32_t find_short(std::string_view word) const {
    if (word.size() > kShortBytes) return -1;
    const Key key = key_of(word);
    for (size_t at = slot_of(key);; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.low == key.low && slot.high == key.high) return slot.id;
      if (slot.high == 0) return -1;
    }
  }
  void insert_short(std::string_view word, int32_t id);
  void encode_by_pieces(std::string_view word, int32_t word_begin, Encoding& out) const;

  WordPieceOptions options_;
  Trie trie_;
  int32_t continuation_ = Trie::kNowhere;  // where the pieces after the prefix begin
  std::vector<Slot> slots_;                // a power of two, at most half full
  int shift_ = 63;
};

}  // namespace retort::text
