#include "retort/data/column_store.h"

#include <algorithm>

#include "retort/base/error.h"

namespace retort::data {

void ColumnStore::add_column(Column column, std::shared_ptr<const void> owner) {
  RETORT_CHECK(maybe_find(column.name) == nullptr && column.name.size() <= 31,
               "the column `{}` exists already, or its name is too long", column.name);
  columns_.push_back(std::move(column));
  owners_.push_back(std::move(owner));
}

const ColumnStore::Column* ColumnStore::maybe_find(std::string_view name) const {
  const auto found =
      std::find_if(columns_.begin(), columns_.end(), [&](const Column& column) { return column.name == name; });
  return found == columns_.end() ? nullptr : &*found;
}

void ColumnStore::check_has(std::string_view name, size_t element_bytes) const {
  const Column* const found = maybe_find(name);
  if (found == nullptr) throw UserError("it must have the column `{}`, but does not", name);
  if (found->element_bytes != element_bytes)
    throw UserError("its column `{}` must have elements of {} bytes, but has {}", name, element_bytes,
                    found->element_bytes);
}

const ColumnStore::Column& ColumnStore::find(std::string_view name, size_t element_bytes) const {
  const Column* const found = maybe_find(name);
  RETORT_CHECK(found != nullptr, "no column `{}`", name);
  RETORT_CHECK(found->element_bytes == element_bytes, "the column `{}` has elements of {} bytes, not {}", name,
               found->element_bytes, element_bytes);
  return *found;
}

}  // namespace retort::data
