// See wordpiece.h. A word costs at most its length times the longest piece, and words have at most 100 characters, so
// the time is linear in the text.
#include "retort/text/wordpiece.h"

#include <cstring>
#include <utility>

namespace retort::text {

WordPiece::WordPiece(std::span<const std::string> pieces, WordPieceOptions options) : options_(std::move(options)) {
  std::vector<Trie::Entry> entries;
  entries.reserve(pieces.size());
  for (size_t id = 0; id < pieces.size(); ++id)
    if (!pieces[id].empty()) entries.push_back({pieces[id], static_cast<int32_t>(id)});
  trie_ = Trie(std::move(entries));
  continuation_ = trie_.walk(Trie::kRoot, options_.continuation_prefix);

  const size_t slot_count = std::bit_ceil(2 * pieces.size() + 2);
  slots_.resize(slot_count);
  shift_ = 64 - std::countr_zero(slot_count);
  for (size_t id = 0; id < pieces.size(); ++id) insert_short(pieces[id], static_cast<int32_t>(id));
}

// Also inserts continuation pieces: they are words when the prefix is empty or consists of letters.
void WordPiece::insert_short(std::string_view piece, int32_t id) {
  if (piece.empty() || piece.size() > ShortWord::kLongest) return;
  const ShortWord word = ShortWord::of(piece);
  size_t at = slot_of(word);
  while (slots_[at].high != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {word.low, word.high, id};
}

void WordPiece::encode_by_pieces(ShortWord word, int32_t word_begin, Encoding& out) const {
  char bytes[sizeof word.low + sizeof word.high];
  std::memcpy(bytes, &word.low, sizeof word.low);
  std::memcpy(bytes + sizeof word.low, &word.high, sizeof word.high);
  encode_by_pieces({bytes, word.byte_count()}, word_begin, out);
}

void WordPiece::encode_by_pieces(std::string_view word, int32_t word_begin, Encoding& out) const {
  const size_t kept = out.ids.size();
  int32_t node = Trie::kRoot;
  for (size_t at = 0; at < word.size();) {
    const Trie::Match match = node == Trie::kNowhere ? Trie::Match{} : trie_.longest_prefix(node, word.substr(at));
    if (match.id < 0) {
      out.ids.resize(kept);
      out.offsets.resize(kept);
      out.ids.push_back(options_.unk_id);
      out.offsets.push_back({word_begin, word_begin + static_cast<int32_t>(word.size())});
      return;
    }
    const auto begin = word_begin + static_cast<int32_t>(at);
    out.ids.push_back(match.id);
    out.offsets.push_back({begin, begin + match.byte_count});
    at += static_cast<size_t>(match.byte_count);
    node = continuation_;
  }
}

}  // namespace retort::text
