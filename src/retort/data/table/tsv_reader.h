// Rows of a tab-separated file as GLUE has it: no quoting, so a quotation mark is a character like any other. The file
// is mapped and the fields point into it. A byte-order mark in front is dropped, a carriage return before a line's end
// too; blank lines are passed over.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retort/base/file.h"

namespace retort::data {

// "column 4" as people count, from the 0-based number.
std::string column_name(int64_t column);

class TsvReader {
 public:
  // Throws UserError when the file cannot be read.
  explicit TsvReader(const std::filesystem::path& path);

  // Goes to the next line that is not blank; false at the end of the file.
  bool next();
  // Of the current line: its number in the file from 1, and its fields, at least one. The span holds until `next`; the
  // fields as long as `file()`.
  int64_t line_number() const { return line_number_; }
  std::span<const std::string_view> fields() const { return fields_; }
  std::string_view line() const { return line_; }  // all fields and the tabs between them
  // Why the current line is not text, for a message: "column 2 must be UTF-8 text, but is broken at byte 7"; empty for
  // lines without NUL bytes and in valid UTF-8.
  std::optional<std::string> maybe_damage() const;

  // Keeps the fields alive.
  std::shared_ptr<const MappedFile> file() const { return file_; }

 private:
  std::shared_ptr<const MappedFile> file_;
  std::string_view rest_, line_;
  bool is_sound_;  // the whole file is UTF-8 without NUL, so that no line needs a look
  int64_t line_number_ = 0;
  std::vector<std::string_view> fields_;
};

}  // namespace retort::data
