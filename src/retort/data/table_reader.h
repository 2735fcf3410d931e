// Tables as the hub ships data sets: Parquet, or JSON lines (one object a line). Both become named columns; members of
// nested objects get dotted names ("answers.text"), lists become list columns. SQuAD and GLUE read both forms so.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace retort::data {

enum class TableForm { kNone, kJsonLines, kParquet };

// The form of a file by its content: `PAR1` in front, or a first line that is a complete JSON object without the
// members "data" and "version" (those belong to an official SQuAD file). Throws UserError when the file cannot be read.
TableForm find_table_form(const std::filesystem::path& path);

struct TableColumn {
  enum class Kind { kUnknown, kText, kInteger, kReal };  // kUnknown: only nulls and empty lists; booleans are integers
  std::string name;
  Kind kind = Kind::kUnknown;
  bool is_list = false;
  std::vector<int64_t> list_starts;     // [rows + 1] into the values, of list columns
  std::vector<std::string_view> texts;  // the values: one vector is filled, as `kind` says; null is "", 0 or NaN
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<uint8_t> is_null;  // [rows]
};

struct Table {
  std::string file_name;
  int64_t row_count = 0;
  std::vector<TableColumn> columns;
  std::vector<int64_t> row_numbers;  // [rows] line of the file from 1 (JSON lines); empty for Parquet
  std::shared_ptr<void> owner;       // what the texts point into

  const TableColumn* find(std::string_view name) const;
  // The column, which must be there and be of this kind; an empty list column fits every kind. Throws UserError that
  // names the columns there are.
  const TableColumn& need(std::string_view name, TableColumn::Kind kind, bool is_list = false) const;
  // "line 12" or "row 11", for messages.
  std::string row_name(int64_t row) const;
};

// Reads either form. Throws UserError for broken files, with the line and field; Parquet needs a build with
// RETORT_PARQUET.
Table read_table(const std::filesystem::path& path);

// The two forms, for read_table.
Table read_json_lines(const std::filesystem::path& path);
Table read_parquet(const std::filesystem::path& path);

}  // namespace retort::data
