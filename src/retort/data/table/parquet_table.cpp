#include "retort/data/table/parquet_table.h"

#ifdef RETORT_PARQUET
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <fmt/format.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/data/table/parquet_column.h"

namespace retort::data {
namespace {

// Returns one line of printable ASCII with a limited length.
std::string reason_of(const std::exception& error) {
  constexpr size_t kShownBytes = 200;
  std::string reason = std::string(error.what()).substr(0, kShownBytes);
  std::replace_if(
      reason.begin(), reason.end(), [](char c) { return c < ' ' || c > '~'; }, ' ');
  return reason.substr(0, reason.find_last_not_of(' ') + 1);
}

// A memory pool for pages with a limit.
class LimitedPool final : public arrow::MemoryPool {
 public:
  explicit LimitedPool(const DecodeLimit& limit) : limit_(limit) {}
  using MemoryPool::Allocate;
  using MemoryPool::Reallocate;
  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    ARROW_RETURN_NOT_OK(check(size));
    return pool_.Allocate(size, alignment, out);
  }
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override {
    ARROW_RETURN_NOT_OK(check(new_size - old_size));
    return pool_.Reallocate(old_size, new_size, alignment, ptr);
  }
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override { pool_.Free(buffer, size, alignment); }
  int64_t bytes_allocated() const override { return pool_.bytes_allocated(); }
  int64_t max_memory() const override { return pool_.max_memory(); }
  int64_t total_bytes_allocated() const override { return pool_.total_bytes_allocated(); }
  int64_t num_allocations() const override { return pool_.num_allocations(); }
  std::string backend_name() const override { return pool_.backend_name(); }
  bool was_exceeded() const { return was_exceeded_; }

 private:
  arrow::Status check(int64_t more) {
    was_exceeded_ = was_exceeded_ || more > limit_.bytes() - pool_.bytes_allocated();
    return was_exceeded_ ? arrow::Status::OutOfMemory("the file needs more memory than allowed") : arrow::Status::OK();
  }
  const DecodeLimit& limit_;
  bool was_exceeded_ = false;
  arrow::ProxyMemoryPool pool_{arrow::default_memory_pool()};
};

class ParquetFile {
 public:
  explicit ParquetFile(const std::filesystem::path& path)
      : mapped_(path),
        limit_(path.string(), static_cast<int64_t>(mapped_.bytes().size())),
        pool_(limit_),
        properties_(&pool_) {}

  // Throws UserError, and the library's exceptions for damage.
  Table read(const std::string& file_name, WantedColumns wanted) {
    const auto file_bytes = static_cast<int64_t>(mapped_.bytes().size());
    // The footer cannot be larger than the file, whatever size it declares.
    const auto most = static_cast<int32_t>(std::clamp<int64_t>(file_bytes, 1, 100'000'000));
    properties_.set_thrift_string_size_limit(most);
    properties_.set_thrift_container_size_limit(std::min(most, 1'000'000));
    properties_.set_page_checksum_verification(true);
    const auto buffer = std::make_shared<arrow::Buffer>(mapped_.text());
    reader_ = parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(buffer), properties_);

    Table table{.file_name = file_name, .row_count = reader_->metadata()->num_rows()};
    auto arena = std::make_shared<TextArena>();
    const parquet::SchemaDescriptor& schema = *reader_->metadata()->schema();
    for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
      TableColumn column = make_table_column(*schema.Column(leaf));
      table.note_name(column.name);
      if (column.name.empty() || std::find(wanted.begin(), wanted.end(), column.name) == wanted.end()) continue;
      if (table.find(column.name) != nullptr)
        throw UserError("`{}` must have the column `{}` once, but has it twice; rewrite the file", file_name,
                        column.name);
      if (column.kind != TableColumn::Kind::kOther) read_column(leaf, table, column, *arena);
      table.columns.push_back(std::move(column));
    }
    table.owner = std::move(arena);
    return table;
  }

  // The library may report the limit as damage.
  void check_limit() const {
    if (pool_.was_exceeded()) limit_.refuse();
  }

 private:
  void read_column(int leaf, const Table& table, TableColumn& column, TextArena& arena) {
    const parquet::FileMetaData& metadata = *reader_->metadata();
    ParquetColumnReader values(*metadata.schema()->Column(leaf), column, arena, limit_, table.file_name);
    int64_t rows = 0;
    for (int group = 0; group < metadata.num_row_groups(); ++group) {
      const int64_t group_rows = metadata.RowGroup(group)->num_rows();
      if (group_rows < 0 || group_rows > table.row_count - rows)
        throw parquet::ParquetException("its row groups hold other rows than the file");
      rows += group_rows;
      if (column.kind == TableColumn::Kind::kUnknown) {
        values.add_nulls(group_rows);
      } else {
        values.read(*reader_->RowGroup(group)->Column(leaf));
      }
      if (static_cast<int64_t>(column.is_null.size()) != rows)
        throw parquet::ParquetException(
            fmt::format("the column `{}` holds {} rows of {}", column.name, column.is_null.size(), rows));
    }
    if (rows != table.row_count) throw parquet::ParquetException("its row groups hold fewer rows than the file");
  }

  MappedFile mapped_;
  DecodeLimit limit_;
  LimitedPool pool_;
  parquet::ReaderProperties properties_;
  std::unique_ptr<parquet::ParquetFileReader> reader_;
};

}  // namespace

Table read_parquet(const std::filesystem::path& path, WantedColumns wanted) {
  ParquetFile file(path);
  try {
    return file.read(path.string(), wanted);
  } catch (const UserError&) {
    throw;
  } catch (const std::exception& error) {
    file.check_limit();
    throw UserError("`{}` must be a readable Parquet file, but {}; download or rewrite it", path.string(),
                    reason_of(error));
  }
}

}  // namespace retort::data
#else

#include "retort/base/error.h"

namespace retort::data {

Table read_parquet(const std::filesystem::path& path, WantedColumns) {
  throw UserError(
      "`{}` is a Parquet file, which this build cannot read; build with -DRETORT_PARQUET=ON, or convert the "
      "file to JSON lines",
      path.string());
}

}  // namespace retort::data
#endif
