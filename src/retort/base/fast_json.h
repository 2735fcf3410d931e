// JSON of large data files through simdjson, much faster than base/json.h. base/json.h keeps the order of keys,
// searches keys linearly, and remains right for configurations and small files. Include this only to read data in bulk.
// All inline: `base` does not link simdjson, because the order of libraries on the link line matters
// (data/CMakeLists.txt).
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "retort/base/error.h"
#include "retort/base/json.h"

namespace retort {

// A JSON text with the padding that simdjson requires, and its parser. Not thread-safe.
class FastJson {
 public:
  // Skips a byte order mark at the beginning.
  explicit FastJson(std::string text) : padded_(std::move(text)) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    begin_ = padded_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    byte_count_ = padded_.size() - begin_;
    padded_.resize(padded_.size() + simdjson::SIMDJSON_PADDING);
  }

  std::string_view text() const { return std::string_view(padded_).substr(begin_, byte_count_); }

  // The whole text as one value, valid until the next call and while this object lives. Throws UserError with
  // `subject` (a path), line and column.
  simdjson::dom::element parse(const std::string& subject) {
    simdjson::dom::element root;
    if (const auto error = parse_part(text()).get(root)) {
      parse_json(text(), subject);  // throws: the slower parser reports line and column
      throw UserError("`{}` must be JSON, but {}", subject, simdjson::error_message(error));
    }
    return root;
  }

  // Parses `part`, a slice of text() such as a line. The caller handles errors.
  simdjson::simdjson_result<simdjson::dom::element> parse_part(std::string_view part) {
    return parser_.parse(part.data(), part.size(), /*realloc_if_needed=*/false);
  }

 private:
  std::string padded_;
  size_t begin_ = 0, byte_count_ = 0;
  simdjson::dom::parser parser_;
};

// The type of a value, for messages: "a list", "an object", "an integer", "a number with a fraction", "null", ...
inline const char* kind_name(simdjson::dom::element value) {
  switch (value.type()) {
    case simdjson::dom::element_type::ARRAY:
      return "a list";
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::STRING:
      return "a string";
    case simdjson::dom::element_type::BOOL:
      return "a boolean";
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
    case simdjson::dom::element_type::DOUBLE:
      return "a number with a fraction";
    default:
      return "an integer";
  }
}

}  // namespace retort
