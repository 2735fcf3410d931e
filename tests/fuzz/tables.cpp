#include "fuzz/tables.h"

#include "fuzz/input.h"

namespace retort::fuzz {

void check_table(const data::Table& table) {
  const auto rows = static_cast<size_t>(table.row_count);
  for (const data::TableColumn& column : table.columns) {
    if (column.kind == data::TableColumn::Kind::kUnknown || column.kind == data::TableColumn::Kind::kOther) continue;
    const size_t values = column.is_list ? static_cast<size_t>(column.list_starts.at(rows)) : rows;
    const size_t held = column.texts.size() + column.integers.size() + column.reals.size();
    RETORT_CHECK(held == values && column.is_null.size() == rows, "column `{}` holds {} of {} values in {} of {} rows",
                 column.name, held, values, column.is_null.size(), rows);
    for (const std::string_view text : column.texts) touch(text);
  }
}

}  // namespace retort::fuzz
