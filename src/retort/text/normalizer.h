// The BERT normalizer: text -> normalized code points, each with its source bytes. In this order: remove control
// characters, unify white space, put spaces around Chinese characters, strip accents, lower-case.
// Results and alignments equal BertNormalizer of the `tokenizers` library.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "retort/text/tokenizer.h"
#include "retort/text/unicode.h"

namespace retort::text {

struct NormalizerOptions {
  bool clean_text = true, handle_chinese_chars = true, lowercase = true;
  std::optional<bool> strip_accents = {};  // empty: same as lowercase

  bool strips_accents() const { return strip_accents.value_or(lowercase); }
  Mapping mapping() const {
    if (strips_accents()) return lowercase ? Mapping::kStrippedLower : Mapping::kStripped;
    return lowercase ? Mapping::kLower : Mapping::kIdentity;
  }
};

// The combining marks after a starter, sorted into canonical order (Unicode standard, 3.11). Like the library, it sorts
// the marks but assigns their sources in text order: in sorted order, the first mark of each decomposition takes the
// next source, every other mark repeats the previous one.
class MarkRun {
 public:
  void begin(Range starter_source);
  // Adds the decomposition of a character; a starter in it begins a new run.
  void add(char32_t code_point, Range source);
  // Sorts in linear time and calls visit(code_point, source) for each mark.
  template <typename Visit>
  void sort_and_visit(Visit&& visit) {
    sort();
    Range source = starter_source_;
    size_t next = 0;
    for (const Mark& mark : marks_) {
      if (mark.is_first) source = sources_[next++];
      visit(mark.code_point, source);
    }
  }

 private:
  struct Mark {
    char32_t code_point;
    uint8_t combining_class;
    bool is_first;  // of its character's decomposition
  };
  void sort();

  Range starter_source_;
  std::vector<Mark> marks_, sorted_;
  std::vector<Range> sources_;
};

// Normalizes bytes begin..end of a text and calls sink.put(code_point, source) for each resulting code point. A part
// that begins and ends at ASCII white space or punctuation, or at the ends of the text, normalizes independently of the
// rest.
class Normalizer {
 public:
  explicit Normalizer(const NormalizerOptions& options) : options_(options), mapping_(options.mapping()) {}

  template <typename Sink>
  void normalize(std::string_view text, Range part, MarkRun& run, Sink& sink) const {
    int32_t starter_at = part.begin;  // the latest character that begins with a starter, where a run of marks may begin
    for (int32_t at = part.begin; at < part.end;) {
      const DecodedCodePoint decoded = decode_utf8(text.data() + at, text.data() + part.end);
      const CodePointRecord& record = record_of(decoded.code_point);
      const Range source{at, at + decoded.byte_count};
      at = source.end;
      if (options_.clean_text && record.is_dropped()) continue;
      if (!record.is_nonstarter()) starter_at = source.begin;
      if (options_.clean_text && record.is_whitespace()) {
        sink.put(U' ', source);
      } else if (options_.handle_chinese_chars && record.is_chinese()) {
        sink.put(U' ', source);
        put_mapped(decoded.code_point, record, source, sink);
        sink.put(U' ', source);
      } else if (record.has_kept_mark() && options_.strips_accents()) {
        at = put_run(text, {starter_at, part.end}, source, run, sink);
      } else {
        put_mapped(decoded.code_point, record, source, sink);
      }
    }
  }

 private:
  template <typename Sink>
  void put_mapped(char32_t code_point, const CodePointRecord& record, Range source, Sink& sink) const {
    const MappedText mapped = map_code_point(code_point, record, mapping_);
    for (const char *at = mapped.bytes, *end = at + mapped.byte_count; at != end;) {
      const DecodedCodePoint decoded = decode_utf8(at, end);
      sink.put(decoded.code_point, source);
      at += decoded.byte_count;
    }
  }

  // Handles the rare run of marks in which a mark survives accent stripping, first found at `found`. Earlier marks of
  // the run had no output, so the run is read again from its starter. Returns where the text continues.
  template <typename Sink>
  int32_t put_run(std::string_view text, Range run_part, Range found, MarkRun& run, Sink& sink) const {
    run.begin({run_part.begin, run_part.begin});
    int32_t at = run_part.begin;
    while (at < run_part.end) {
      const DecodedCodePoint decoded = decode_utf8(text.data() + at, text.data() + run_part.end);
      const CodePointRecord& record = record_of(decoded.code_point);
      if (!(options_.clean_text && record.is_dropped())) {
        if (at > found.begin && !record.is_nonstarter()) break;
        run.add(decoded.code_point, {at, at + decoded.byte_count});
        if (at == found.begin && !record.is_nonstarter()) put_starter(decoded.code_point, record, found, sink);
      }
      at += decoded.byte_count;
    }
    run.sort_and_visit([&](char32_t mark, Range source) { put_mapped(mark, record_of(mark), source, sink); });
    return at;
  }

  template <typename Sink>
  void put_starter(char32_t code_point, const CodePointRecord& record, Range source, Sink& sink) const {
    const MappedText decomposed = map_code_point(code_point, record, Mapping::kDecomposed);
    const char32_t starter = decode_utf8(decomposed.bytes, decomposed.bytes + decomposed.byte_count).code_point;
    put_mapped(starter, record_of(starter), source, sink);
  }

  NormalizerOptions options_;
  Mapping mapping_;
};

}  // namespace retort::text
