#include "retort/data/table/json_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "retort/base/error.h"
#include "retort/base/fast_json.h"
#include "retort/base/file.h"
#include "retort/data/table/text_arena.h"

namespace retort::data {
namespace {

namespace dom = simdjson::dom;
using Kind = TableColumn::Kind;

class TableBuilder {
 public:
  TableBuilder(std::string file_name, WantedColumns wanted) : wanted_(wanted), arena_(std::make_shared<TextArena>()) {
    table_.file_name = std::move(file_name);
  }

  void add_row(dom::object row, int64_t line) {
    table_.row_numbers.push_back(line);
    next_column_ = 0;
    add_members(row, "");
    ++table_.row_count;
  }

  Table finish() {
    for (TableColumn& column : table_.columns) pad(column);
    table_.owner = std::move(arena_);
    return std::move(table_);
  }

 private:
  // Adds the fields of an object; `prefix` is "" or a name with a dot.
  void add_members(dom::object object, const std::string& prefix) {
    for (const auto& [key, value] : object) {
      if (TableColumn* column = maybe_next_column(prefix, key)) {
        add_value(*column, value);
      } else {
        add_other(value, fmt::format("{}{}", prefix, key));
      }
    }
  }

  // Handles a field that is not a column: an object around columns, or an unwanted value.
  void add_other(dom::element value, const std::string& name) {
    if (is_wanted(name)) return add_value(new_column(name), value);
    const std::string inner = name + ".";
    const bool surrounds =
        std::any_of(wanted_.begin(), wanted_.end(), [&](std::string_view wanted) { return wanted.starts_with(inner); });
    dom::object nested;
    dom::array list;
    if (!surrounds) return table_.note_name(name);
    if (!value.get(nested)) return add_members(nested, inner);
    const bool is_empty = value.is_null() || (!value.get(list) && list.size() == 0);
    if (!is_empty) fail(name, "must be an object with lists in it");
  }

  bool is_wanted(std::string_view name) const {
    return !name.empty() && std::find(wanted_.begin(), wanted_.end(), name) != wanted_.end();
  }

  // Returns the existing column of that name. Records mostly have the same fields in the same order, so the next column
  // is tried first.
  TableColumn* maybe_next_column(const std::string& prefix, std::string_view key) {
    std::vector<TableColumn>& columns = table_.columns;
    for (size_t tried = 0; tried < columns.size(); ++tried) {
      const size_t index = (next_column_ + tried) % columns.size();
      const std::string& name = columns[index].name;
      if (name.size() != prefix.size() + key.size() || !name.starts_with(prefix) || !name.ends_with(key)) continue;
      next_column_ = index + 1;
      pad(columns[index]);
      return &columns[index];
    }
    return nullptr;
  }

  TableColumn& new_column(const std::string& name) {
    table_.note_name(name);
    table_.columns.push_back(TableColumn{.name = name});
    pad(table_.columns.back());
    next_column_ = table_.columns.size();
    return table_.columns.back();
  }

  // Adds nulls for earlier records without this field.
  void pad(TableColumn& column) {
    while (static_cast<int64_t>(column.is_null.size()) < table_.row_count) add_null(column);
  }

  void add_null(TableColumn& column) {
    column.is_null.push_back(1);
    if (column.is_list) {
      column.list_starts.push_back(column.list_starts.back());
    } else {
      add_empty(column);
    }
  }

  static void add_empty(TableColumn& column) {
    if (column.kind == Kind::kText) column.texts.emplace_back();
    if (column.kind == Kind::kInteger) column.integers.push_back(0);
    if (column.kind == Kind::kReal) column.reals.push_back(std::numeric_limits<double>::quiet_NaN());
  }

  void add_value(TableColumn& column, dom::element value) {
    if (static_cast<int64_t>(column.is_null.size()) > table_.row_count)
      fail(column.name, "must be unique in a record, but is repeated");
    if (value.is_null()) return add_null(column);
    dom::array list;
    const bool is_list = !value.get(list);
    if (is_list != column.is_list) {
      if (!is_list || column.kind != Kind::kUnknown)
        fail(column.name, is_list ? "must not be a list" : "must be a list");
      column.is_list = true;
      column.list_starts.assign(column.is_null.size() + 1, 0);
    }
    if (is_list) {
      for (dom::element item : list) add_scalar(column, item);
      column.list_starts.push_back(static_cast<int64_t>(value_count(column)));
    } else {
      add_scalar(column, value);
    }
    column.is_null.push_back(0);
  }

  static size_t value_count(const TableColumn& column) {
    return std::max({column.texts.size(), column.integers.size(), column.reals.size()});
  }

  void add_scalar(TableColumn& column, dom::element value) {
    std::string_view text;
    bool truth;
    int64_t integer;
    double real;
    if (!value.get(text)) {
      set_kind(column, Kind::kText);
      column.texts.push_back(arena_->keep(text));
    } else if (!value.get(truth) || !value.get(integer)) {
      if (!value.get(truth)) integer = truth ? 1 : 0;
      if (column.kind == Kind::kReal) return column.reals.push_back(static_cast<double>(integer));
      set_kind(column, Kind::kInteger);
      column.integers.push_back(integer);
    } else if (!value.get(real)) {
      set_kind(column, Kind::kReal);
      column.reals.push_back(real);
    } else {
      fail(column.name, "must hold texts or numbers, but holds an object, a list or a null");
    }
  }

  void set_kind(TableColumn& column, Kind kind) {
    if (column.kind == kind) return;
    if (column.kind == Kind::kInteger && kind == Kind::kReal) {
      column.reals.assign(column.integers.begin(), column.integers.end());
      column.integers.clear();
    } else if (column.kind != Kind::kUnknown) {
      fail(column.name, column.kind == Kind::kText ? "must be a string, as in the records before"
                                                   : "must be a number, as in the records before");
    }
    const bool was_unknown = column.kind == Kind::kUnknown;
    column.kind = kind;
    if (was_unknown && !column.is_list)
      for (size_t row = 0; row < column.is_null.size(); ++row) add_empty(column);
  }

  [[noreturn]] void fail(const std::string& name, const char* what) const {
    throw UserError("`{}`: line {}: `{}` {}; fix the line", table_.file_name, table_.row_numbers.back(), name, what);
  }

  WantedColumns wanted_;
  Table table_;
  std::shared_ptr<TextArena> arena_;
  size_t next_column_ = 0;
};

}  // namespace

Table read_json_lines(const std::filesystem::path& path, WantedColumns wanted) {
  FastJson json(read_file(path));
  const std::string_view text = json.text();
  TableBuilder builder(path.string(), wanted);
  int64_t line_number = 0;
  for (size_t begin = 0; begin < text.size();) {
    ++line_number;
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (text.find_first_not_of(" \t\r", begin) < end) {
      dom::object row;
      if (const auto error = json.parse_part(text.substr(begin, end - begin)).get(row))
        throw UserError("`{}`: line {} must be one JSON object, but {}; fix the line", path.string(), line_number,
                        simdjson::error_message(error));
      builder.add_row(row, line_number);
    }
    begin = end + 1;
  }
  return builder.finish();
}

}  // namespace retort::data
