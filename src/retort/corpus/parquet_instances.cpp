#include "retort/corpus/parquet_instances.h"

#include "retort/base/error.h"

#ifdef RETORT_PARQUET
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <algorithm>

#include "retort/corpus/numpy_bytes.h"
#include "retort/data/table/parquet_table.h"
#include "retort/data/table/table_reader.h"

namespace retort::corpus {
namespace {

using ColumnKind = data::TableColumn::Kind;

constexpr const char* kSettingsKey = "retort_settings";
constexpr int64_t kRowsPerGroup = 64 << 10;
constexpr const char* kMakeParquet = "make it again by `retort data instances --format parquet`";

// Arrow's failures here are the disk's.
void check_parquet_written(const arrow::Status& status, const fs::path& path) {
  if (!status.ok())
    throw UserError("`{}` must be writable, but: {}; check the disk and the permissions, then repeat the command",
                    path.string(), status.message());
}

template <typename Value>
Value check_parquet_written(arrow::Result<Value> result, const fs::path& path) {
  check_parquet_written(result.status(), path);
  return std::move(result).ValueUnsafe();
}

std::shared_ptr<arrow::Schema> schema_of(const ParquetForm& form) {
  arrow::FieldVector columns{arrow::field("A", arrow::utf8()), arrow::field("B", arrow::utf8()),
                             arrow::field("is_random_next", arrow::boolean()),
                             arrow::field("num_tokens", arrow::uint16())};
  if (form.has_masks) {
    columns.push_back(arrow::field("masked_lm_positions", arrow::binary()));
    columns.push_back(arrow::field("masked_lm_labels", arrow::utf8()));
  }
  if (form.bin_id >= 0) columns.push_back(arrow::field("bin_id", arrow::int64()));
  return arrow::schema(std::move(columns));
}

void check_built(const arrow::Status& status) { RETORT_CHECK(status.ok(), "Arrow: {}", status.message()); }

std::string joined(std::span<const int32_t> ids, const text::Tokenizer& tokenizer) {
  std::string text;
  for (const int32_t id : ids) {
    if (!text.empty()) text += ' ';
    text += tokenizer.piece(id);
  }
  return text;
}

// The columns of some rows.
class RowsBuilder {
 public:
  RowsBuilder(const text::Tokenizer& tokenizer, const ParquetForm& form) : tokenizer_(tokenizer), form_(form) {}

  void add(const Instance& instance) {
    const std::span<const int32_t> ids(instance.ids);
    const auto first = static_cast<size_t>(instance.first_count);
    check_built(a_.Append(joined(ids.subspan(1, first - 2), tokenizer_)));
    check_built(b_.Append(joined(ids.subspan(first, ids.size() - first - 1), tokenizer_)));
    check_built(is_random_next_.Append(instance.is_random_next));
    check_built(num_tokens_.Append(static_cast<uint16_t>(ids.size())));
    if (form_.has_masks) {
      check_built(positions_.Append(write_numpy_bytes(instance.masked_positions)));
      check_built(labels_.Append(joined(instance.masked_ids, tokenizer_)));
    }
    if (form_.bin_id >= 0) check_built(bin_id_.Append(form_.bin_id));
    ++row_count_;
  }

  std::shared_ptr<arrow::RecordBatch> finish() {
    std::vector<arrow::ArrayBuilder*> builders{&a_, &b_, &is_random_next_, &num_tokens_};
    if (form_.has_masks) builders.insert(builders.end(), {&positions_, &labels_});
    if (form_.bin_id >= 0) builders.push_back(&bin_id_);
    arrow::ArrayVector columns(builders.size());
    for (size_t i = 0; i < builders.size(); ++i) check_built(builders[i]->Finish(&columns[i]));
    return arrow::RecordBatch::Make(schema_of(form_), row_count_, std::move(columns));
  }

 private:
  const text::Tokenizer& tokenizer_;
  const ParquetForm& form_;
  int64_t row_count_ = 0;
  arrow::StringBuilder a_, b_, labels_;
  arrow::BinaryBuilder positions_;
  arrow::BooleanBuilder is_random_next_;
  arrow::UInt16Builder num_tokens_;
  arrow::Int64Builder bin_id_;
};

// Turns the texts of a row into ids.
class RowReader {
 public:
  RowReader(const data::Table& table, const text::Tokenizer& tokenizer)
      : table_(table),
        tokenizer_(tokenizer),
        a_(table.need("A", ColumnKind::kText)),
        b_(table.need("B", ColumnKind::kText)),
        is_random_next_(table.need("is_random_next", ColumnKind::kInteger)) {
    if (table.find("masked_lm_positions") == nullptr && table.find("masked_lm_labels") == nullptr) return;
    positions_ = &table.need("masked_lm_positions", ColumnKind::kBytes);
    labels_ = &table.need("masked_lm_labels", ColumnKind::kText);
  }

  bool has_masks() const { return positions_ != nullptr; }

  void read(size_t row, PairColumnsBuilder& out) {
    row_ = row;
    ids_.assign(1, tokenizer_.cls_id());
    append_pieces(a_, ids_);
    ids_.push_back(tokenizer_.sep_id());
    const size_t first_count = ids_.size();
    append_pieces(b_, ids_);
    ids_.push_back(tokenizer_.sep_id());
    places_.clear(), masked_.clear();
    if (has_masks()) read_masks();
    const auto label = is_random_next_.maybe_integer(row);
    if (!label) fail("is_random_next", "must not be null");
    out.add(ids_, static_cast<int64_t>(first_count), places_, masked_, static_cast<int32_t>(*label != 0));
  }

 private:
  void append_pieces(const data::TableColumn& column, std::vector<int32_t>& ids) {
    const std::optional<std::string_view> text = column.maybe_text(row_);
    if (!text) fail(column.name, "must not be null");
    for (size_t begin = 0; begin < text->size();) {
      const size_t end = std::min(text->find(' ', begin), text->size());
      const std::string_view piece = text->substr(begin, end - begin);
      const std::optional<int32_t> id = tokenizer_.find(piece);
      if (!id)
        fail(column.name, fmt::format("must hold pieces of the vocabulary, but holds `{}`", piece.substr(0, 60)));
      ids.push_back(*id);
      begin = end + 1;
    }
  }

  void read_masks() {
    append_pieces(*labels_, masked_);
    try {
      read_numpy_bytes(positions_->texts[row_], places_);
    } catch (const UserError& error) {
      fail(positions_->name, error.what());
    }
    if (places_.size() != masked_.size())
      fail(labels_->name,
           fmt::format("must hold {} pieces, one a position, but holds {}", places_.size(), masked_.size()));
  }

  [[noreturn]] void fail(const std::string& column, std::string_view what) const {
    throw UserError("`{}`: row {}: the column `{}` {}; {}", table_.file_name, row_, column, what, kMakeParquet);
  }

  const data::Table& table_;
  const text::Tokenizer& tokenizer_;
  const data::TableColumn &a_, &b_, &is_random_next_;
  const data::TableColumn *positions_ = nullptr, *labels_ = nullptr;
  size_t row_ = 0;
  std::vector<int32_t> ids_, places_, masked_;
};

}  // namespace

struct ParquetInstanceWriter::File {
  std::shared_ptr<arrow::io::FileOutputStream> stream;
  std::unique_ptr<parquet::arrow::FileWriter> writer;
};

std::shared_ptr<arrow::RecordBatch> make_parquet_rows(std::span<const Instance> instances,
                                                      const text::Tokenizer& tokenizer, const ParquetForm& form) {
  RowsBuilder rows(tokenizer, form);
  for (const Instance& instance : instances) rows.add(instance);
  return rows.finish();
}

ParquetInstanceWriter::ParquetInstanceWriter(fs::path path, const ParquetForm& form)
    : path_(std::move(path)), partial_path_(fs::path(path_) += ".partial"), file_(std::make_unique<File>()) {
  file_->stream = check_parquet_written(arrow::io::FileOutputStream::Open(partial_path_.string()), path_);
  // Texts are nearly all different: a dictionary of them costs time and no byte less.
  const auto properties = parquet::WriterProperties::Builder()
                              .compression(parquet::Compression::SNAPPY)
                              ->disable_dictionary()
                              ->max_row_group_length(kRowsPerGroup)
                              ->build();
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  file_->writer = check_parquet_written(parquet::arrow::FileWriter::Open(*schema_of(form), arrow::default_memory_pool(),
                                                                         file_->stream, properties, arrow_properties),
                                        path_);
}

ParquetInstanceWriter::~ParquetInstanceWriter() {
  if (!file_) return;
  file_->writer.reset();
  static_cast<void>(file_->stream->Close());
  std::error_code ignored;
  fs::remove(partial_path_, ignored);
}

void ParquetInstanceWriter::write(const arrow::RecordBatch& rows) {
  check_parquet_written(file_->writer->WriteRecordBatch(rows), path_);
}

void ParquetInstanceWriter::publish(const std::string& settings) {
  check_parquet_written(file_->writer->AddKeyValueMetadata(arrow::key_value_metadata({kSettingsKey}, {settings})),
                        path_);
  check_parquet_written(file_->writer->Close(), path_);
  check_parquet_written(file_->stream->Close(), path_);
  file_.reset();
  sync_path(partial_path_);
  fs::rename(partial_path_, path_);
  sync_path(path_.parent_path().empty() ? "." : path_.parent_path());
}

std::string parquet_settings(const fs::path& path) {
  try {
    const auto metadata = parquet::ParquetFileReader::OpenFile(path.string())->metadata()->key_value_metadata();
    return metadata == nullptr ? "" : metadata->Get(kSettingsKey).ValueOr("");
  } catch (const parquet::ParquetException&) {
    return {};
  }
}

PairColumnsBuilder read_parquet_instances(const fs::path& path, const text::Tokenizer& tokenizer) {
  constexpr std::array<std::string_view, 5> kWanted{"A", "B", "is_random_next", "masked_lm_positions",
                                                    "masked_lm_labels"};
  const data::Table table = data::read_parquet(path, kWanted);
  PairColumnsBuilder pairs;
  RowReader rows(table, tokenizer);
  if (!rows.has_masks()) pairs.set_dynamic();
  for (int64_t row = 0; row < table.row_count; ++row) rows.read(static_cast<size_t>(row), pairs);
  return pairs;
}

}  // namespace retort::corpus
#else

namespace retort::corpus {
namespace {

[[noreturn]] void throw_without_parquet(const fs::path& path) {
  throw UserError("`{}` is a Parquet file, which this build cannot handle; build with -DRETORT_PARQUET=ON",
                  path.string());
}

}  // namespace

struct ParquetInstanceWriter::File {};

std::shared_ptr<arrow::RecordBatch> make_parquet_rows(std::span<const Instance>, const text::Tokenizer&,
                                                      const ParquetForm&) {
  return nullptr;
}
ParquetInstanceWriter::ParquetInstanceWriter(fs::path path, const ParquetForm&) { throw_without_parquet(path); }
ParquetInstanceWriter::~ParquetInstanceWriter() = default;
void ParquetInstanceWriter::write(const arrow::RecordBatch&) {}
void ParquetInstanceWriter::publish(const std::string&) {}
std::string parquet_settings(const fs::path&) { return {}; }
PairColumnsBuilder read_parquet_instances(const fs::path& path, const text::Tokenizer&) { throw_without_parquet(path); }

}  // namespace retort::corpus
#endif
