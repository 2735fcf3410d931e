#include "retort/data/glue/glue_table.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "retort/base/error.h"
#include "retort/data/table/table_reader.h"

namespace retort::data {
namespace {

using Kind = TableColumn::Kind;

// The columns of a table; null for missing ones.
struct TableColumns {
  const TableColumn* text_a = nullptr;
  const TableColumn* text_b = nullptr;
  const TableColumn* label = nullptr;
  const TableColumn* index = nullptr;
};

// Also accepts label_text and text1, text2, which users' data sets made from GLUE have.
const TableColumn& need_text(const Table& table, std::string_view name, std::string_view other_name) {
  return table.need(table.find(name) == nullptr && table.find(other_name) != nullptr ? other_name : name, Kind::kText);
}

TableColumns find_columns(const Table& table, const GlueCollector& collector) {
  const GlueTask& task = collector.task();
  TableColumns columns;
  columns.text_a = &need_text(table, task.hub_text_a, task.is_pair() ? "text1" : "text");
  if (task.is_pair()) columns.text_b = &need_text(table, task.hub_text_b, "text2");
  if (const TableColumn* index = table.find("idx");
      index != nullptr && index->kind == Kind::kInteger && !index->is_list)
    columns.index = index;
  if (!collector.options().has_labels) return columns;
  columns.label = table.find("label");
  if (columns.label == nullptr) table.need("label", Kind::kInteger);  // throws and lists the columns
  if (columns.label->is_list || columns.label->kind == Kind::kOther || columns.label->kind == Kind::kBytes)
    table.refuse(*columns.label, "labels");
  return columns;
}

// Returns the class number of a label; empty when it is not a whole number. Programs without missing integers write
// classes with a fraction of 0.
// integers write classes with a fraction of 0.
std::optional<int64_t> maybe_class(const TableColumn& column, size_t row) {
  if (column.kind == Kind::kInteger) return column.integers[row];
  const double real = column.reals[row];
  constexpr double kMax = 1 << 30;
  if (!(real >= -kMax && real <= kMax) || real != std::floor(real)) return {};
  return static_cast<int64_t>(real);
}

// Sets label or target from any kind of column; returns what is wrong, or "".
std::string set_table_label(const GlueCollector& collector, const TableColumn& column, size_t row,
                            GlueExample& example) {
  const GlueTask& task = collector.task();
  const bool is_missing = column.is_null[row] || (column.kind == Kind::kReal && std::isnan(column.reals[row]));
  if (is_missing) return fmt::format("must be {}, but is missing", allowed_labels(task));
  if (column.kind == Kind::kText) return collector.set_label(column.texts[row], example);
  const std::string number =
      column.kind == Kind::kReal ? fmt::format("{}", column.reals[row]) : fmt::format("{}", column.integers[row]);
  if (task.is_regression()) return collector.set_label(number, example);
  const std::optional<int64_t> label = maybe_class(column, row);
  const auto count = static_cast<int64_t>(task.hub_labels.size());
  if (!label || *label < 0 || *label >= count)
    return fmt::format("must be a class of 0..{}, but is {}", count - 1, number);
  return collector.set_label(task.hub_labels[static_cast<size_t>(*label)], example);
}

void add_row(GlueCollector& collector, const Table& table, const TableColumns& columns, int64_t row) {
  const auto at = static_cast<size_t>(row);
  GlueExample example{.index = row};
  for (const TableColumn* text : {columns.text_a, columns.text_b}) {
    if (text == nullptr) continue;
    const std::optional<std::string_view> value = text->maybe_text(at);
    if (!value)
      return collector.reject("missing texts", table.row_name(row),
                              fmt::format("`{}` must be text, but is missing", text->name));
    (text == columns.text_a ? example.text_a : example.text_b) = *value;
  }
  if (columns.index != nullptr) example.index = columns.index->maybe_integer(at).value_or(row);
  if (columns.label != nullptr)
    if (const std::string problem = set_table_label(collector, *columns.label, at, example); !problem.empty())
      return collector.reject("unknown labels", table.row_name(row), fmt::format("`label` {}", problem));
  collector.add(example);
}

}  // namespace

void read_glue_table(const std::filesystem::path& path, GlueCollector& collector) {
  const GlueTask& task = collector.task();
  const std::array wanted{task.hub_text_a,           task.hub_text_b,           std::string_view("text"),
                          std::string_view("text1"), std::string_view("text2"), std::string_view("label"),
                          std::string_view("idx")};
  const Table table = read_table(path, wanted);
  const TableColumns columns = find_columns(table, collector);
  collector.keep_alive(table.owner);
  for (int64_t row = 0; row < table.row_count; ++row) add_row(collector, table, columns, row);
}

}  // namespace retort::data
