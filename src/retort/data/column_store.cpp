#include "retort/data/column_store.h"

#include <algorithm>

#include "retort/base/error.h"

namespace retort::data {

void ColumnStore::add_column(Column column, std::shared_ptr<const void> owner) {
  const bool is_known =
      std::any_of(columns_.begin(), columns_.end(), [&](const Column& known) { return known.name == column.name; });
  RETORT_CHECK(!is_known && column.name.size() <= 31, "the column `{}` is there already, or its name is too long",
               column.name);
  columns_.push_back(std::move(column));
  owners_.push_back(std::move(owner));
}

const ColumnStore::Column& ColumnStore::find(std::string_view name, size_t element_bytes) const {
  const auto found =
      std::find_if(columns_.begin(), columns_.end(), [&](const Column& column) { return column.name == name; });
  RETORT_CHECK(found != columns_.end(), "no column `{}`", name);
  RETORT_CHECK(found->element_bytes == element_bytes, "the column `{}` has elements of {} bytes, not {}", name,
               found->element_bytes, element_bytes);
  return *found;
}

}  // namespace retort::data
