// Tables as the hub ships data sets: Parquet, or JSON lines (one object a line). Both become named columns; members of
// nested objects get dotted names ("answers.text"), lists become list columns. SQuAD and GLUE read both forms so. Only
// the columns that a reader asks for are decoded and kept, so memory follows what it needs, not what a file holds.
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

// The form of a file by its content: `PAR1` in front, or a first line that is a complete JSON object without the
// members "data" and "version" (those belong to an official SQuAD file). Throws UserError when the file cannot be read.
TableForm find_table_form(const std::filesystem::path& path);

struct TableColumn {
  enum class Kind {
    kUnknown,  // only nulls and empty lists
    kText,
    kInteger,  // booleans too, as 0 and 1
    kReal,
    kOther,  // what no reader here knows: dates, decimals, raw bytes, lists of lists; it has no values
  };
  std::string name;
  Kind kind = Kind::kUnknown;
  bool is_list = false;
  std::string other_type;               // of kOther: what the file calls it
  std::vector<int64_t> list_starts;     // [rows + 1] into the values, of list columns
  std::vector<std::string_view> texts;  // the values: one vector is filled, as `kind` says; null is "", 0 or NaN
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<uint8_t> is_null;  // [rows]

  // The value of a row of a column that is no list; empty where it is null.
  std::optional<std::string_view> maybe_text(size_t row) const;  // of text columns
  std::optional<int64_t> maybe_integer(size_t row) const;        // of integer columns
};

struct Table {
  std::string file_name;
  int64_t row_count = 0;
  std::vector<TableColumn> columns;   // those that were asked for and are there
  std::vector<std::string> names;     // of all columns of the file, for messages; the first few
  std::vector<int64_t> row_numbers;   // [rows] line of the file from 1 (JSON lines); empty for Parquet
  std::shared_ptr<const void> owner;  // what the texts point into

  const TableColumn* find(std::string_view name) const;
  // The column, which must be there and be of this kind; an empty list column fits every kind, and so does a column of
  // nulls. Throws UserError that names the columns there are.
  const TableColumn& need(std::string_view name, TableColumn::Kind kind, bool is_list = false) const;
  // Throws UserError "`file`: the column `name` must hold <wanted>, but holds ...".
  [[noreturn]] void refuse(const TableColumn& column, std::string_view wanted) const;
  // Notes a column of the file by its name, shortened, unless there are many.
  void note_name(std::string_view name);
  // "line 12" or "row 11", for messages.
  std::string row_name(int64_t row) const;
};

// Names of the columns that are read; others are passed over.
using WantedColumns = std::span<const std::string_view>;

// Reads either form. Throws UserError for broken files, with the line and field; Parquet needs a build with
// RETORT_PARQUET.
Table read_table(const std::filesystem::path& path, WantedColumns wanted);

}  // namespace retort::data
