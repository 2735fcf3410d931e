// See segment_encoder.h.
#include "retort/text/segment_encoder.h"

#include <algorithm>

namespace retort::text {

void WordCollector::put(char32_t code_point, Range source) {
  const CodePointRecord& record = record_of(code_point);
  if (record.is_whitespace()) {
    finish();
  } else if (record.is_punctuation()) {
    finish();
    append(code_point, source);
    finish();
  } else {
    append(code_point, source);
  }
}

void WordCollector::append(char32_t code_point, Range source) {
  if (character_count_++ == 0) whole_.begin = source.begin;
  whole_.end = source.end;
  if (character_count_ > pieces_.options().max_word_characters) return;
  char utf8[4];
  const auto byte_count = static_cast<size_t>(encode_utf8(code_point, utf8));
  word_.bytes.insert(word_.bytes.end(), utf8, utf8 + byte_count);
  word_.sources.insert(word_.sources.end(), byte_count, source);
}

void WordCollector::finish() {
  if (character_count_ == 0) return;
  if (character_count_ > pieces_.options().max_word_characters) {
    out_.ids.push_back(pieces_.options().unk_id);
    out_.offsets.push_back(whole_);
  } else {
    const size_t first = out_.ids.size();
    pieces_.encode({word_.bytes.data(), word_.bytes.size()}, 0, out_);
    for (size_t i = first; i < out_.offsets.size(); ++i) {
      Range& piece = out_.offsets[i];
      piece = {word_.sources[static_cast<size_t>(piece.begin)].begin,
               word_.sources[static_cast<size_t>(piece.end - 1)].end};
    }
  }
  word_.bytes.clear();
  word_.sources.clear();
  character_count_ = 0;
}

SegmentEncoder::SegmentEncoder(const NormalizerOptions& options)
    : normalizer_(options), lowercase_(options.lowercase ? repeat_byte(0x20) : 0) {
  for (char32_t c = 0; c < 128; ++c) {
    const CodePointRecord& record = record_of(c);
    if (options.clean_text && record.is_dropped()) continue;
    if (record.is_whitespace() || record.is_punctuation()) {
      classes_[c] = record.is_whitespace() ? ByteClass::kSpace : ByteClass::kPunctuation;
    } else {
      word_bytes_[c] = options.lowercase && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
    }
  }
}

void SegmentEncoder::encode(const WordPiece& pieces, std::string_view whole_text, Range segment,
                            SegmentScratch& scratch, Encoding& out) const {
  const std::string_view text = whole_text.substr(0, static_cast<size_t>(segment.end));
  const auto longest = static_cast<size_t>(pieces.options().max_word_characters);
  for (auto at = static_cast<size_t>(segment.begin); at < text.size();) {
    const ShortWord word = short_word_at(text, at);
    if (word.byte_count() - 1 < longest) {  // also false for 0 bytes, which wrap around
      pieces.encode(word, static_cast<int32_t>(at), out);
      at += word.byte_count();
      if (at < text.size() && text[at] == ' ') ++at;
    } else if (const ByteClass first = class_of(text, at); first == ByteClass::kSpace) {
      ++at;
    } else if (first == ByteClass::kPunctuation) {
      pieces.encode(ShortWord::of(static_cast<uint8_t>(text[at]), 0, 1), static_cast<int32_t>(at), out);
      ++at;
    } else {
      at = encode_long(pieces, text, at, scratch, out);
    }
  }
}

ShortWord SegmentEncoder::short_word_at(std::string_view text, size_t at) const {
  const AlphanumericBytes first = take_alphanumeric(load_bytes(text, at), lowercase_);
  if (first.count < 8 || at + 8 == text.size()) {
    const auto count = static_cast<size_t>(first.count);
    return ends_word(text, at + count) ? ShortWord::of(first.bytes, 0, count) : ShortWord{};
  }
  const AlphanumericBytes second = take_alphanumeric(load_bytes(text, at + 8), lowercase_);
  const auto count = static_cast<size_t>(8 + second.count);
  if (count > ShortWord::kLongest || !ends_word(text, at + count)) return {};
  return ShortWord::of(first.bytes, static_cast<uint32_t>(second.bytes), count);
}

size_t SegmentEncoder::encode_long(const WordPiece& pieces, std::string_view text, size_t at, SegmentScratch& scratch,
                                   Encoding& out) const {
  char word[kPlainBytes];
  const auto longest = static_cast<size_t>(std::min<int64_t>(pieces.options().max_word_characters, kPlainBytes));
  size_t count = 0;
  for (; count < longest && at + count < text.size(); ++count) {
    word[count] = word_bytes_[static_cast<uint8_t>(text[at + count])];
    if (word[count] == 0) break;
  }
  if (count == 0 || !ends_word(text, at + count)) return encode_any(pieces, text, at, scratch, out);
  pieces.encode({word, count}, static_cast<int32_t>(at), out);
  return at + count;
}

// Everything up to the next ASCII space or punctuation; no normalization rule crosses these.
size_t SegmentEncoder::encode_any(const WordPiece& pieces, std::string_view text, size_t at, SegmentScratch& scratch,
                                  Encoding& out) const {
  size_t end = at;
  while (!ends_word(text, end)) ++end;
  WordCollector words(pieces, scratch.word, out);
  normalizer_.normalize(text, {static_cast<int32_t>(at), static_cast<int32_t>(end)}, scratch.run, words);
  words.finish();
  return end;
}

}  // namespace retort::text
