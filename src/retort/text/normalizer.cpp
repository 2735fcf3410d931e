// See normalizer.h.
#include "retort/text/normalizer.h"

#include <algorithm>
#include <array>

namespace retort::text {

void MarkRun::begin(Range starter_source) {
  starter_source_ = starter_source;
  marks_.clear();
  sources_.clear();
}

void MarkRun::add(char32_t code_point, Range source) {
  const MappedText decomposed = map_code_point(code_point, record_of(code_point), Mapping::kDecomposed);
  const char *at = decomposed.bytes, *end = at + decomposed.byte_count;
  while (at != end) {
    const DecodedCodePoint part = decode_utf8(at, end);
    const uint8_t combining_class = record_of(part.code_point).combining_class;
    const bool is_first = at == decomposed.bytes;
    at += part.byte_count;
    if (combining_class == 0) {
      begin(source);
    } else {
      marks_.push_back({part.code_point, combining_class, is_first});
      if (is_first) sources_.push_back(source);
    }
  }
}

// Stable counting sort: linear time for any number of marks.
void MarkRun::sort() {
  std::array<uint32_t, 257> begins{};
  for (const Mark& mark : marks_) ++begins[mark.combining_class + 1u];
  for (size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
  sorted_.resize(marks_.size());
  for (const Mark& mark : marks_) sorted_[begins[mark.combining_class]++] = mark;
  std::swap(marks_, sorted_);
}

}  // namespace retort::text
