// Reads tables of the hub's data sets: Parquet or JSON lines (one object per line). Both become named columns; fields
// of nested objects get dotted names ("answers.text"), lists become list columns. SQuAD and GLUE share it. Only the
// requested columns are decoded, so memory depends on them and not on the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retort::data {

enum class TableForm { kNone, kJsonLines, kParquet };

// Returns the format of a file by its content: Parquet begins with `PAR1`; JSON lines begin with a line that is a
// complete JSON object without the fields "data" and "version" (which mark an official SQuAD file). Throws UserError
// for unreadable files.
TableForm find_table_form(const std::filesystem::path& path);

struct TableColumn {
  enum class Kind {
    kUnknown,  // only nulls and empty lists
    kText,
    kInteger,  // also booleans, as 0 and 1
    kReal,
    kBytes,  // raw bytes of Parquet, not in lists
    kOther,  // types without a reader: dates, decimals, lists of lists; no values
  };
  std::string name;
  Kind kind = Kind::kUnknown;
  bool is_list = false;
  std::string other_type;               // of kBytes and kOther: the file's name for it
  std::vector<int64_t> list_starts;     // [rows + 1] first value of each list, for list columns
  std::vector<std::string_view> texts;  // the values (of kBytes too): one vector is filled; null is "", 0 or NaN
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<uint8_t> is_null;  // [rows]

  // Return the value of a row of a non-list column; empty for null.
  std::optional<std::string_view> maybe_text(size_t row) const;  // of text columns
  std::optional<int64_t> maybe_integer(size_t row) const;        // of integer columns
};

struct Table {
  std::string file_name;
  int64_t row_count = 0;
  std::vector<TableColumn> columns;   // the requested columns that exist
  std::vector<std::string> names;     // of the first columns of the file, for messages
  std::vector<int64_t> row_numbers;   // [rows] line of the file from 1 (JSON lines); empty for Parquet
  std::shared_ptr<const void> owner;  // of the memory of the texts

  const TableColumn* find(std::string_view name) const;
  // Returns the column, which must exist and have this kind; empty list columns and columns of nulls fit every kind.
  // Throws UserError that names the existing columns.
  const TableColumn& need(std::string_view name, TableColumn::Kind kind, bool is_list = false) const;
  // Throws UserError "`file`: the column `name` must hold <wanted>, but holds ...".
  [[noreturn]] void refuse(const TableColumn& column, std::string_view wanted) const;
  // Adds a column name of the file, shortened, unless there are too many.
  void note_name(std::string_view name);
  // Returns "line 12" or "row 11", for messages.
  std::string row_name(int64_t row) const;
};

// Names of the columns to read; others are skipped.
using WantedColumns = std::span<const std::string_view>;

// Reads either format. Throws UserError with line and field for invalid files; Parquet needs a build with
// RETORT_PARQUET.
Table read_table(const std::filesystem::path& path, WantedColumns wanted);

}  // namespace retort::data
