// The hub's form: columns `sentence`, or a pair such as `question1` and `question2`, with `label` and `idx`. Labels are
// numbers in the hub's order, which for MNLI is not the order of the official processors, or names.
#include <fmt/format.h>

#include "retort/base/error.h"
#include "retort/data/glue_collector.h"
#include "retort/data/table_reader.h"

namespace retort::data {
namespace {

using Kind = TableColumn::Kind;

// The columns of one table; null for those that it lacks.
struct TableColumns {
  const TableColumn* text_a = nullptr;
  const TableColumn* text_b = nullptr;
  const TableColumn* label = nullptr;
  const TableColumn* index = nullptr;
};

// A table of one's own may also say label_text and text1, text2, as data sets made from these do.
const TableColumn& need_text(const Table& table, std::string_view name, std::string_view other_name) {
  return table.need(table.find(name) == nullptr && table.find(other_name) != nullptr ? other_name : name, Kind::kText);
}

TableColumns find_columns(const Table& table, const GlueCollector& collector) {
  const GlueTask& task = collector.task();
  TableColumns columns;
  columns.text_a = &need_text(table, task.hub_text_a, task.is_pair() ? "text1" : "text");
  if (task.is_pair()) columns.text_b = &need_text(table, task.hub_text_b, "text2");
  if (const TableColumn* index = table.find("idx"); index != nullptr && index->kind == Kind::kInteger)
    columns.index = index;
  if (!collector.options().has_labels) return columns;
  columns.label = table.find("label");
  if (columns.label == nullptr || columns.label->is_list)
    table.need("label", Kind::kInteger);  // throws with the columns
  return columns;
}

// Label or target from whatever kind the column has; says what is wrong, or "".
std::string set_table_label(const GlueCollector& collector, const TableColumn& column, size_t row,
                            GlueExample& example) {
  const GlueTask& task = collector.task();
  if (column.is_null[row]) return fmt::format("must be {}, but is missing", allowed_labels(task));
  if (column.kind == Kind::kText) return collector.set_label(column.texts[row], example);
  if (task.is_regression())
    return collector.set_label(
        column.kind == Kind::kReal ? fmt::format("{}", column.reals[row]) : fmt::format("{}", column.integers[row]),
        example);
  const int64_t number = column.kind == Kind::kInteger ? column.integers[row] : -1;
  const auto count = static_cast<int64_t>(task.hub_labels.size());
  if (number < 0 || number >= count) return fmt::format("must be a class of 0..{}, but is {}", count - 1, number);
  return collector.set_label(task.hub_labels[number], example);
}

void add_row(GlueCollector& collector, const Table& table, const TableColumns& columns, int64_t row) {
  const auto at = static_cast<size_t>(row);
  GlueExample example{.text_a = columns.text_a->texts[at], .index = row};
  for (const TableColumn* text : {columns.text_a, columns.text_b})
    if (text != nullptr && text->is_null[at])
      return collector.reject("missing texts", table.row_name(row),
                              fmt::format("`{}` must be text, but is missing", text->name));
  if (columns.text_b != nullptr) example.text_b = columns.text_b->texts[at];
  if (columns.index != nullptr && !columns.index->is_null[at]) example.index = columns.index->integers[at];
  if (columns.label != nullptr)
    if (const std::string problem = set_table_label(collector, *columns.label, at, example); !problem.empty())
      return collector.reject("unknown labels", table.row_name(row), fmt::format("`label` {}", problem));
  collector.add(example);
}

}  // namespace

void read_glue_table(const std::filesystem::path& path, GlueCollector& collector) {
  const Table table = read_table(path);
  const TableColumns columns = find_columns(table, collector);
  collector.keep_alive(table.owner);
  for (int64_t row = 0; row < table.row_count; ++row) add_row(collector, table, columns, row);
}

}  // namespace retort::data
