#include "retort/data/table_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/fast_json.h"
#include "retort/base/file.h"

namespace retort::data {
namespace {

const char* kind_name(TableColumn::Kind kind) {
  switch (kind) {
    case TableColumn::Kind::kText:
      return "text";
    case TableColumn::Kind::kInteger:
      return "integers";
    case TableColumn::Kind::kReal:
      return "numbers";
    default:
      return "nulls";
  }
}

// True for one line that holds an object of the kind that rows are.
bool is_row_object(std::string_view line) {
  FastJson json{std::string(line)};
  simdjson::dom::object object;
  if (json.parse_part(json.text()).get(object)) return false;
  return object["data"].error() == simdjson::NO_SUCH_FIELD && object["version"].error() == simdjson::NO_SUCH_FIELD;
}

}  // namespace

TableForm find_table_form(const std::filesystem::path& path) {
  const MappedFile file(path);
  std::string_view text = file.text();
  if (text.starts_with("PAR1")) return TableForm::kParquet;
  text.remove_prefix(std::min(text.size(), text.starts_with("\xEF\xBB\xBF") ? 3 : text.find_first_not_of(" \t\r\n")));
  if (!text.starts_with('{')) return TableForm::kNone;
  // An official file on one line opens with a long first line: look for the rows' last character before parsing it.
  const std::string_view line = text.substr(0, text.find('\n'));
  const size_t last = line.find_last_not_of(" \t\r");
  if (line[last] != '}' || line.substr(0, 64).find("\"data\"") != std::string_view::npos) return TableForm::kNone;
  return is_row_object(line) ? TableForm::kJsonLines : TableForm::kNone;
}

const TableColumn* Table::find(std::string_view name) const {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const TableColumn& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

const TableColumn& Table::need(std::string_view name, TableColumn::Kind kind, bool is_list) const {
  const TableColumn* column = find(name);
  if (column == nullptr) {
    std::vector<std::string> names;
    for (const TableColumn& known : columns) names.push_back(known.name);
    throw UserError("`{}` must have the column `{}`, but has {}", file_name, name, fmt::join(names, ", "));
  }
  const bool fits = column->kind == kind || column->kind == TableColumn::Kind::kUnknown;
  if (!fits || column->is_list != is_list)
    throw UserError("`{}`: the column `{}` must hold {}{}, but holds {}{}", file_name, name, is_list ? "lists of " : "",
                    kind_name(kind), column->is_list ? "lists of " : "", kind_name(column->kind));
  return *column;
}

std::string Table::row_name(int64_t row) const {
  return row_numbers.empty() ? fmt::format("row {}", row)
                             : fmt::format("line {}", row_numbers[static_cast<size_t>(row)]);
}

Table read_table(const std::filesystem::path& path) {
  return find_table_form(path) == TableForm::kParquet ? read_parquet(path) : read_json_lines(path);
}

#ifndef RETORT_PARQUET
Table read_parquet(const std::filesystem::path& path) {
  throw UserError(
      "`{}` is a Parquet file, which this build cannot read; build with -DRETORT_PARQUET=ON, or convert the "
      "file to JSON lines",
      path.string());
}
#endif

}  // namespace retort::data
