// JSON files through nlohmann::json, with a limit on nesting (its values recurse in the destructor and in dump, so a
// file of a million brackets would exhaust the stack) and errors with line and column.
#include "retort/base/json.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort {
namespace {

constexpr int kMaxDepth = 256;
constexpr size_t kMaxReasonBytes = 200;

struct Place {
  int64_t line = 1, column = 1;
};

// Line and column of byte `offset`; columns count characters, so continuation bytes of UTF-8 do not count.
Place place_of(std::string_view text, size_t offset) {
  Place place;
  for (const char c : text.substr(0, std::min(offset, text.size()))) {
    if (c == '\n') {
      ++place.line, place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++place.column;
    }
  }
  return place;
}

// First byte after the string literal that begins at `quote`.
size_t skip_string(std::string_view text, size_t quote) {
  size_t i = quote + 1;
  while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

// First byte after the comment that begins at `slash`; `slash` + 1 when there is no comment.
size_t skip_comment(std::string_view text, size_t slash) {
  const std::string_view opening = text.substr(slash, 2);
  if (opening == "//") return std::min(text.find('\n', slash), text.size());
  if (opening != "/*") return slash + 1;
  const size_t closing = text.find("*/", slash + 2);
  return closing == text.npos ? text.size() : closing + 2;
}

[[noreturn]] void refuse_depth(std::string_view text, size_t offset, const std::string& subject) {
  const Place place = place_of(text, offset);
  throw UserError("`{}` must be nested at most {} deep, but is deeper at line {}, column {}", subject, kMaxDepth,
                  place.line, place.column);
}

// Checks the nesting in one pass over the brackets outside of strings, before values are built.
void check_depth(std::string_view text, const std::string& subject, JsonComments comments) {
  int depth = 0;
  for (size_t i = 0; i < text.size();) {
    switch (text[i]) {
      case '"':
        i = skip_string(text, i);
        break;
      case '/':
        i = comments == JsonComments::kSkip ? skip_comment(text, i) : i + 1;
        break;
      case '[':
      case '{':
        if (++depth > kMaxDepth) refuse_depth(text, i, subject);
        ++i;
        break;
      case ']':
      case '}':
        --depth;
        [[fallthrough]];
      default:
        ++i;
    }
  }
}

// The library's reason without its error number and position: the text after "...column 7: ".
std::string reason_of(const std::exception& failure) {
  std::string_view reason = failure.what();
  if (const size_t closing = reason.find("] "); closing != reason.npos) reason.remove_prefix(closing + 2);
  if (reason.starts_with("parse error"))
    if (const size_t colon = reason.find(": "); colon != reason.npos) reason.remove_prefix(colon + 2);
  if (reason.size() <= kMaxReasonBytes) return std::string(reason);
  return std::string(reason.substr(0, kMaxReasonBytes)) + "...";
}

}  // namespace

Json parse_json(std::string_view text, const std::string& subject, JsonComments comments) {
  check_depth(text, subject, comments);
  try {
    return Json::parse(text.begin(), text.end(), nullptr, true, comments == JsonComments::kSkip);
  } catch (const Json::parse_error& failure) {
    const Place place = place_of(text, failure.byte == 0 ? 0 : failure.byte - 1);
    throw UserError("`{}` must be valid JSON, but is not at line {}, column {}: {}", subject, place.line, place.column,
                    reason_of(failure));
  } catch (const Json::exception& failure) {
    throw UserError("`{}` must be valid JSON with numbers that a double can hold, but is not: {}", subject,
                    reason_of(failure));
  }
}

Json read_json_file(const std::filesystem::path& path, JsonComments comments) {
  return parse_json(read_file(path), path.string(), comments);
}

void write_json_file(const std::filesystem::path& path, const Json& value, int indent) {
  write_file_atomically(path, value.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace retort
