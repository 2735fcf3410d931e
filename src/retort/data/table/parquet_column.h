// Decodes one leaf of a Parquet schema into a column of a Table. Only for this folder; others use table_reader.h.
#pragma once

#ifdef RETORT_PARQUET
#include <parquet/column_reader.h>
#include <parquet/schema.h>

#include <string>

#include "retort/data/table/table_reader.h"
#include "retort/data/table/text_arena.h"

namespace retort::data {

// Limits the memory for one file to a multiple of its size, whatever sizes its pages declare.
class DecodeLimit {
 public:
  DecodeLimit(std::string file_name, int64_t file_bytes);
  int64_t bytes() const { return bytes_; }
  // Call it before memory is allocated. Throws UserError when the file's total exceeds the limit.
  void take(int64_t byte_count);
  [[noreturn]] void refuse() const;

 private:
  std::string file_name_;
  int64_t bytes_, taken_ = 0;
};

// Returns the name of a leaf in a Table: the names of its groups joined by dots, without the levels that only form a
// list ("answers.text" for answers.text.list.element; LIST of parquet-format's LogicalTypes.md, with its older forms).
std::string table_column_name(const parquet::ColumnDescriptor& leaf);

// Returns an empty column for this leaf: name, kind, and whether it is a list.
TableColumn make_table_column(const parquet::ColumnDescriptor& leaf);

// Appends the values of each row group.
class ParquetColumnReader {
 public:
  // `column` comes from make_table_column; all must outlive the reader.
  ParquetColumnReader(const parquet::ColumnDescriptor& leaf, TableColumn& column, TextArena& arena, DecodeLimit& limit,
                      const std::string& file_name);

  // Throws UserError with the row for values that the column cannot hold, and parquet::ParquetException for damage.
  void read(parquet::ColumnReader& reader);
  // Appends rows of nulls.
  void add_nulls(int64_t row_count);

 private:
  template <typename Reader, typename Append>
  void read_batches(parquet::ColumnReader& reader, const Append& append);
  // Decodes the levels of a batch and calls append(i) for the i-th of its values, or append_null().
  template <typename Append>
  void add_levels(int64_t level_count, int64_t value_count, const Append& append);
  void begin_row(bool is_null);
  void append_empty();
  void append_text(const parquet::ByteArray& bytes);
  void append_integer(int64_t bits);
  int64_t row() const { return static_cast<int64_t>(column_.is_null.size()); }
  int64_t value_count() const;
  [[noreturn]] void fail(const std::string& what) const;

  TableColumn& column_;
  TextArena& arena_;
  DecodeLimit& limit_;
  const std::string& file_name_;
  int16_t full_level_ = 0;  // definition level of values
  int16_t list_level_ = 0;  // for lists: definition level of an element
  int unsigned_bits_ = 0;   // 32 or 64 for unsigned integers
  std::string_view latest_text_;
  std::vector<int16_t> definition_levels_, repetition_levels_;
};

}  // namespace retort::data
#endif
