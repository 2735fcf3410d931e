// Parquet -> columns, through Arrow C++. Texts stay in Arrow's buffers. Translates Arrow's errors.
#ifdef RETORT_PARQUET
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <limits>

#include "retort/base/error.h"
#include "retort/data/table_reader.h"

namespace retort::data {
namespace {

using Kind = TableColumn::Kind;

[[noreturn]] void fail(const std::string& file_name, const std::string& what) {
  throw UserError("`{}` must be a Parquet file that can be read, but {}", file_name, what);
}

template <typename ArrowArray>
void append_texts(const arrow::Array& array, TableColumn& column) {
  const auto& texts = static_cast<const ArrowArray&>(array);
  for (int64_t i = 0; i < array.length(); ++i)
    column.texts.push_back(array.IsNull(i) ? std::string_view() : std::string_view(texts.GetView(i)));
}

template <typename ArrowArray>
void append_integers(const arrow::Array& array, TableColumn& column) {
  const auto& values = static_cast<const ArrowArray&>(array);
  for (int64_t i = 0; i < array.length(); ++i)
    column.integers.push_back(array.IsNull(i) ? 0 : static_cast<int64_t>(values.Value(i)));
}

template <typename ArrowArray>
void append_reals(const arrow::Array& array, TableColumn& column) {
  const auto& values = static_cast<const ArrowArray&>(array);
  for (int64_t i = 0; i < array.length(); ++i)
    column.reals.push_back(array.IsNull(i) ? std::numeric_limits<double>::quiet_NaN()
                                           : static_cast<double>(values.Value(i)));
}

// Appends the values of a leaf array; false for types that no data set here uses (dates, decimals, ...).
bool append_leaf(const arrow::Array& array, TableColumn& column) {
  const auto as = [&](Kind kind) { column.kind = kind; };
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return as(Kind::kText), append_texts<arrow::StringArray>(array, column), true;
    case arrow::Type::LARGE_STRING:
      return as(Kind::kText), append_texts<arrow::LargeStringArray>(array, column), true;
    case arrow::Type::BOOL:
      return as(Kind::kInteger), append_integers<arrow::BooleanArray>(array, column), true;
    case arrow::Type::INT8:
      return as(Kind::kInteger), append_integers<arrow::Int8Array>(array, column), true;
    case arrow::Type::INT16:
      return as(Kind::kInteger), append_integers<arrow::Int16Array>(array, column), true;
    case arrow::Type::INT32:
      return as(Kind::kInteger), append_integers<arrow::Int32Array>(array, column), true;
    case arrow::Type::INT64:
      return as(Kind::kInteger), append_integers<arrow::Int64Array>(array, column), true;
    case arrow::Type::FLOAT:
      return as(Kind::kReal), append_reals<arrow::FloatArray>(array, column), true;
    case arrow::Type::DOUBLE:
      return as(Kind::kReal), append_reals<arrow::DoubleArray>(array, column), true;
    default:
      return false;
  }
}

class TableBuilder {
 public:
  explicit TableBuilder(Table& table) : table_(table) {}

  void add(const std::string& name, const arrow::ChunkedArray& chunks) {
    for (const std::shared_ptr<arrow::Array>& chunk : chunks.chunks()) add_array(name, *chunk);
  }

 private:
  void add_array(const std::string& name, const arrow::Array& array) {
    switch (array.type_id()) {
      case arrow::Type::STRUCT:
        return add_struct(name, static_cast<const arrow::StructArray&>(array));
      case arrow::Type::LIST:
        return add_list(name, static_cast<const arrow::ListArray&>(array));
      case arrow::Type::LARGE_LIST:
        return add_list(name, static_cast<const arrow::LargeListArray&>(array));
      default:
        break;
    }
    TableColumn& column = column_of(name);
    if (append_leaf(array, column)) append_nulls(array, column);
  }

  void add_struct(const std::string& name, const arrow::StructArray& array) {
    for (int i = 0; i < array.num_fields(); ++i)
      add_array(fmt::format("{}.{}", name, array.struct_type()->field(i)->name()), *array.field(i));
  }

  template <typename ListArray>
  void add_list(const std::string& name, const ListArray& array) {
    const auto first = static_cast<int64_t>(array.value_offset(0)),
               last = static_cast<int64_t>(array.value_offset(array.length()));
    const std::shared_ptr<arrow::Array> values = array.values()->Slice(first, last - first);
    TableColumn& column = column_of(name);
    column.is_list = true;
    if (column.list_starts.empty()) column.list_starts.push_back(0);
    if (!append_leaf(*values, column) && values->length() > 0)
      throw UserError("`{}`: the column `{}` must hold lists of texts or numbers, but holds {}", table_.file_name, name,
                      array.type()->ToString());
    const int64_t before = column.list_starts.back() - first;
    for (int64_t i = 1; i <= array.length(); ++i)
      column.list_starts.push_back(before + static_cast<int64_t>(array.value_offset(i)));
    append_nulls(array, column);
  }

  static void append_nulls(const arrow::Array& array, TableColumn& column) {
    for (int64_t i = 0; i < array.length(); ++i) column.is_null.push_back(array.IsNull(i) ? 1 : 0);
  }

  TableColumn& column_of(const std::string& name) {
    for (TableColumn& column : table_.columns)
      if (column.name == name) return column;
    table_.columns.push_back(TableColumn{.name = name});
    return table_.columns.back();
  }

  Table& table_;
};

}  // namespace

Table read_parquet(const std::filesystem::path& path) {
  Table table{.file_name = path.string()};
  try {
    auto file = arrow::io::MemoryMappedFile::Open(path.string(), arrow::io::FileMode::READ);
    if (!file.ok()) fail(table.file_name, file.status().message());
    auto reader = parquet::arrow::OpenFile(*file, arrow::default_memory_pool());
    if (!reader.ok()) fail(table.file_name, reader.status().message());
    auto content = (*reader)->ReadTable();
    if (!content.ok()) fail(table.file_name, content.status().message());
    const arrow::Table& columns = **content;
    table.row_count = columns.num_rows();
    TableBuilder builder(table);
    for (int i = 0; i < columns.num_columns(); ++i) builder.add(columns.field(i)->name(), *columns.column(i));
    table.owner = *content;
  } catch (const parquet::ParquetException& error) {
    fail(table.file_name, error.what());
  }
  return table;
}

}  // namespace retort::data
#endif
