#include "retort/data/table/table_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/fast_json.h"
#include "retort/base/file.h"
#include "retort/data/table/json_lines.h"
#include "retort/data/table/parquet_table.h"

namespace retort::data {
namespace {

constexpr size_t kNamesShown = 32, kNameBytesShown = 60;

std::string kind_name(const TableColumn& column) {
  switch (column.kind) {
    case TableColumn::Kind::kText:
      return "text";
    case TableColumn::Kind::kInteger:
      return "integers";
    case TableColumn::Kind::kReal:
      return "numbers";
    case TableColumn::Kind::kBytes:
    case TableColumn::Kind::kOther:
      return column.other_type.empty() ? "bytes" : fmt::format("the type {}", column.other_type);
    default:
      return "nulls";
  }
}

std::string kind_name(TableColumn::Kind kind, bool is_list) {
  return (is_list ? "lists of " : "") + kind_name(TableColumn{.kind = kind});
}

// Returns whether a line is an object that can be a record.
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
  // An official file on one line has a long first line: check the last character before parsing it.
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
  if (column == nullptr)
    throw UserError("`{}` must have the column `{}`, but has {}; rename or add the column", file_name, name,
                    names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
  const bool fits = column->kind == kind || column->kind == TableColumn::Kind::kUnknown;
  if (!fits || column->is_list != is_list) refuse(*column, kind_name(kind, is_list));
  return *column;
}

void Table::refuse(const TableColumn& column, std::string_view wanted) const {
  throw UserError("`{}`: the column `{}` must hold {}, but holds {}{}; rewrite the column", file_name, column.name,
                  wanted, column.is_list && column.kind != TableColumn::Kind::kOther ? "lists of " : "",
                  kind_name(column));
}

void Table::note_name(std::string_view name) {
  if (names.size() > kNamesShown) return;
  if (names.size() == kNamesShown) name = "...";
  size_t kept = std::min(name.size(), kNameBytesShown);
  while (kept > 0 && kept < name.size() && (name[kept] & 0xC0) == 0x80) --kept;  // keeps whole characters
  std::string shown = fmt::format("{}{}", name.substr(0, kept), kept < name.size() ? "..." : "");
  if (std::find(names.begin(), names.end(), shown) == names.end()) names.push_back(std::move(shown));
}

std::optional<std::string_view> TableColumn::maybe_text(size_t row) const {
  if (is_null[row] != 0) return {};
  return texts[row];
}

std::optional<int64_t> TableColumn::maybe_integer(size_t row) const {
  if (is_null[row] != 0) return {};
  return integers[row];
}

std::string Table::row_name(int64_t row) const {
  return row_numbers.empty() ? fmt::format("row {}", row)
                             : fmt::format("line {}", row_numbers[static_cast<size_t>(row)]);
}

Table read_table(const std::filesystem::path& path, WantedColumns wanted) {
  return find_table_form(path) == TableForm::kParquet ? read_parquet(path, wanted) : read_json_lines(path, wanted);
}

}  // namespace retort::data
