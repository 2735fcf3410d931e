// Reads lines of GLUE's tab-separated files: no quoting, so quotation marks are ordinary characters. The file is
// memory-mapped and the fields point into it. A byte order mark and carriage returns at line ends are removed; blank
// lines are skipped.
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

// Returns "column 4" (counted from 1) for the index 3.
std::string column_name(int64_t column);

class TsvReader {
 public:
  // Throws UserError when the file cannot be read.
  explicit TsvReader(const std::filesystem::path& path);

  // Advances to the next line that is not blank; false at the end of the file.
  bool next();
  // The current line: its number in the file from 1, and its fields, at least one. The span is valid until `next`, the
  // fields as long as `file()`.
  int64_t line_number() const { return line_number_; }
  std::span<const std::string_view> fields() const { return fields_; }
  std::string_view line() const { return line_; }  // all fields and the tabs between them
  // Returns why the current line is not text, for a message: "column 2 must be UTF-8 text, but is broken at byte 7";
  // empty for valid UTF-8 without NUL bytes.
  std::optional<std::string> maybe_damage() const;

  // Owns the memory of the fields.
  std::shared_ptr<const MappedFile> file() const { return file_; }

 private:
  std::shared_ptr<const MappedFile> file_;
  std::string_view rest_, line_;
  bool is_clean_;  // the whole file is UTF-8 without NUL, so lines need no check
  int64_t line_number_ = 0;
  std::vector<std::string_view> fields_;
};

}  // namespace retort::data
