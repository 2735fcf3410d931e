// Words out of a segment; see segment_encoder.h.
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
    const size_t byte_count = word_.bytes.size(), first = out_.ids.size();
    word_.bytes.resize(byte_count + WordPiece::kReadableBytes);
    pieces_.encode({word_.bytes.data(), byte_count}, 0, out_);
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

SegmentEncoder::SegmentEncoder(const NormalizerOptions& options) : normalizer_(options) {
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

void SegmentEncoder::encode(const WordPiece& pieces, std::string_view text, Range segment, SegmentScratch& scratch,
                            Encoding& out) const {
  char word[kPlainBytes + WordPiece::kReadableBytes] = {};
  const int64_t longest = std::min<int64_t>(pieces.options().max_word_characters, kPlainBytes);
  for (int32_t at = segment.begin; at < segment.end;) {
    const ByteClass first = class_of(text, at);
    if (first == ByteClass::kSpace) {
      ++at;
    } else if (first == ByteClass::kPunctuation) {
      word[0] = text[static_cast<size_t>(at)];
      pieces.encode({word, 1}, at, out);
      ++at;
    } else {
      int32_t length = 0;
      for (; length < longest && at + length < segment.end; ++length) {
        const char byte = word_bytes_[byte_at(text, at + length)];
        if (byte == 0) break;
        word[length] = byte;
      }
      if (at + length == segment.end || class_of(text, at + length) != ByteClass::kOther) {
        pieces.encode({word, static_cast<size_t>(length)}, at, out);
        at += length;
      } else {
        at = encode_any(pieces, text, {at, segment.end}, scratch, out);
      }
    }
  }
}

// Everything up to the next ASCII space or punctuation, which no rule of the normalizer reaches across.
int32_t SegmentEncoder::encode_any(const WordPiece& pieces, std::string_view text, Range segment,
                                   SegmentScratch& scratch, Encoding& out) const {
  int32_t end = segment.begin;
  while (end < segment.end && class_of(text, end) == ByteClass::kOther) ++end;
  WordCollector words(pieces, scratch.word, out);
  normalizer_.normalize(text, {segment.begin, end}, scratch.run, words);
  words.finish();
  return end;
}

}  // namespace retort::text
