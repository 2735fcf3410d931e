#ifdef RETORT_PARQUET
#include "retort/data/table/parquet_column.h"

#include <fmt/format.h>
#include <parquet/exception.h>
#include <parquet/types.h>

#include <algorithm>
#include <limits>

#include "retort/base/error.h"
#include "retort/data/table/text_damage.h"

namespace retort::data {
namespace {

using Kind = TableColumn::Kind;

constexpr int64_t kLevelsAtOnce = 4096;
constexpr int64_t kFreeBytes = 64 << 20, kDecodedPerByte = 100;  // real files: 2 to 10

// A list is a LIST group around a repeated node, which contains the only node of the elements or is the element itself.
bool only_makes_list(const parquet::schema::Node& node) {
  if (node.is_primitive() || !node.is_repeated() || node.parent() == nullptr) return false;
  const auto& logical = node.parent()->logical_type();
  const auto& group = static_cast<const parquet::schema::GroupNode&>(node);
  const bool is_element = node.name() == "array" || node.name() == node.parent()->name() + "_tuple";
  return logical != nullptr && logical->is_list() && group.field_count() == 1 && !is_element;
}

bool is_list_group(const parquet::schema::Node* node) {
  return node != nullptr && node->logical_type() != nullptr && node->logical_type()->is_list();
}

// Returns whether the node's own name is part of the column's name; nodes inside a list are not, except fields of its
// groups.
bool has_name(const parquet::schema::Node& node) {
  const parquet::schema::Node* parent = node.parent();
  if (parent == nullptr) return true;
  if (is_list_group(parent) && node.is_repeated()) return false;
  return !only_makes_list(*parent);
}

Kind kind_of(const parquet::ColumnDescriptor& leaf) {
  const auto& logical = leaf.logical_type();
  const bool is_plain = logical == nullptr || logical->is_none();
  if (leaf.max_repetition_level() > 1) return Kind::kOther;
  if (!is_plain && logical->is_null()) return Kind::kUnknown;
  switch (leaf.physical_type()) {
    case parquet::Type::BOOLEAN:
      return is_plain ? Kind::kInteger : Kind::kOther;
    case parquet::Type::INT32:
    case parquet::Type::INT64:
      return is_plain || logical->is_int() ? Kind::kInteger : Kind::kOther;
    case parquet::Type::FLOAT:
    case parquet::Type::DOUBLE:
      return is_plain ? Kind::kReal : Kind::kOther;
    case parquet::Type::BYTE_ARRAY:
      if (is_plain && leaf.max_repetition_level() == 0) return Kind::kBytes;
      return !is_plain && (logical->is_string() || logical->is_enum() || logical->is_JSON()) ? Kind::kText
                                                                                             : Kind::kOther;
    default:
      return Kind::kOther;
  }
}

// Returns "Timestamp", "Decimal", or the physical type if there is no other: "INT96".
std::string type_name(const parquet::ColumnDescriptor& leaf) {
  if (leaf.max_repetition_level() > 1) return "list of lists";
  const auto& logical = leaf.logical_type();
  if (logical == nullptr || logical->is_none()) return parquet::TypeToString(leaf.physical_type());
  const std::string name = logical->ToString();
  return name.substr(0, name.find('('));
}

// Returns 32 or 64 for unsigned integers.
int unsigned_bits(const parquet::ColumnDescriptor& leaf) {
  const auto& logical = leaf.logical_type();
  if (logical == nullptr || !logical->is_int()) return 0;
  if (static_cast<const parquet::IntLogicalType&>(*logical).is_signed()) return 0;
  return leaf.physical_type() == parquet::Type::INT32 ? 32 : 64;
}

// Returns the definition level of the repeated node above or at the leaf, from which on an element exists.
int16_t level_of_list(const parquet::ColumnDescriptor& leaf) {
  int16_t below = 0;  // levels between that node and the leaf
  for (const parquet::schema::Node* node = leaf.schema_node().get(); node != nullptr; node = node->parent()) {
    if (node->is_repeated()) break;
    if (node->is_optional()) ++below;
  }
  return static_cast<int16_t>(leaf.max_definition_level() - below);
}

}  // namespace

DecodeLimit::DecodeLimit(std::string file_name, int64_t file_bytes)
    : file_name_(std::move(file_name)), bytes_(kFreeBytes + kDecodedPerByte * file_bytes) {}

void DecodeLimit::take(int64_t byte_count) {
  if (byte_count > bytes_ - taken_) refuse();
  taken_ += byte_count;
}

void DecodeLimit::refuse() const {
  throw UserError(
      "`{}` must decode to at most {} MB, {} times its size and {} MB, but needs more; rewrite it, in parts or as JSON "
      "lines",
      file_name_, bytes_ >> 20, kDecodedPerByte, kFreeBytes >> 20);
}

std::string table_column_name(const parquet::ColumnDescriptor& leaf) {
  std::string name;
  const parquet::schema::Node* node = leaf.schema_node().get();
  for (; node != nullptr && node->parent() != nullptr; node = node->parent())  // except the root
    if (has_name(*node)) name = name.empty() ? node->name() : fmt::format("{}.{}", node->name(), name);
  return name;
}

TableColumn make_table_column(const parquet::ColumnDescriptor& leaf) {
  TableColumn column{.name = table_column_name(leaf), .kind = kind_of(leaf)};
  column.is_list = leaf.max_repetition_level() > 0;
  if (column.is_list) column.list_starts.push_back(0);
  if (column.kind == Kind::kOther || column.kind == Kind::kBytes) column.other_type = type_name(leaf);
  return column;
}

ParquetColumnReader::ParquetColumnReader(const parquet::ColumnDescriptor& leaf, TableColumn& column, TextArena& arena,
                                         DecodeLimit& limit, const std::string& file_name)
    : column_(column),
      arena_(arena),
      limit_(limit),
      file_name_(file_name),
      full_level_(leaf.max_definition_level()),
      list_level_(level_of_list(leaf)),
      unsigned_bits_(unsigned_bits(leaf)),
      definition_levels_(kLevelsAtOnce),
      repetition_levels_(kLevelsAtOnce) {}

void ParquetColumnReader::read(parquet::ColumnReader& reader) {
  const auto integer = [&](auto value) { append_integer(static_cast<int64_t>(value)); };
  const auto real = [&](auto value) { column_.reals.push_back(static_cast<double>(value)); };
  switch (reader.type()) {
    case parquet::Type::BOOLEAN:
      return read_batches<parquet::BoolReader>(reader, integer);
    case parquet::Type::INT32:
      return read_batches<parquet::Int32Reader>(reader, integer);
    case parquet::Type::INT64:
      return read_batches<parquet::Int64Reader>(reader, integer);
    case parquet::Type::FLOAT:
      return read_batches<parquet::FloatReader>(reader, real);
    case parquet::Type::DOUBLE:
      return read_batches<parquet::DoubleReader>(reader, real);
    case parquet::Type::BYTE_ARRAY:
      return read_batches<parquet::ByteArrayReader>(reader, [&](const parquet::ByteArray& t) { append_text(t); });
    default:
      fail("has a type that cannot be read");
  }
}

template <typename Reader, typename Append>
void ParquetColumnReader::read_batches(parquet::ColumnReader& reader, const Append& append) {
  using Value = typename Reader::T;
  auto& typed = static_cast<Reader&>(reader);
  const auto values = std::make_unique<Value[]>(kLevelsAtOnce);
  while (typed.HasNext()) {
    // A column without optional or repeated nodes has no levels.
    std::fill(definition_levels_.begin(), definition_levels_.end(), full_level_);
    std::fill(repetition_levels_.begin(), repetition_levels_.end(), int16_t{0});
    int64_t value_count = 0;
    const int64_t level_count = typed.ReadBatch(kLevelsAtOnce, definition_levels_.data(), repetition_levels_.data(),
                                                values.get(), &value_count);
    if (level_count <= 0 || level_count > kLevelsAtOnce) throw parquet::ParquetException("a page ends too early");
    add_levels(level_count, value_count, [&](int64_t i) { append(values[i]); });
  }
}

template <typename Append>
void ParquetColumnReader::add_levels(int64_t level_count, int64_t value_count, const Append& append) {
  constexpr int64_t kBytesPerLevel = sizeof(std::string_view) + sizeof(int64_t) + 1;
  limit_.take(level_count * kBytesPerLevel);
  int64_t next_value = 0;
  for (int64_t i = 0; i < level_count; ++i) {
    const int16_t level = definition_levels_[static_cast<size_t>(i)];
    const bool begins_row = repetition_levels_[static_cast<size_t>(i)] == 0;
    if (!begins_row && row() == 0) throw parquet::ParquetException("a list begins outside of a row");
    if (begins_row) begin_row(/*is_null=*/column_.is_list ? level < list_level_ - 1 : level < full_level_);
    if (level == full_level_) {
      if (next_value == value_count) throw parquet::ParquetException("values are missing");
      append(next_value++);
    } else if (!column_.is_list) {
      append_empty();
    } else if (level >= list_level_) {
      fail("must hold lists without nulls in them");
    }
    if (column_.is_list) column_.list_starts.back() = this->value_count();
  }
  if (next_value != value_count) throw parquet::ParquetException("there are more values than rows");
}

void ParquetColumnReader::begin_row(bool is_null) {
  column_.is_null.push_back(is_null ? 1 : 0);
  if (column_.is_list) column_.list_starts.push_back(value_count());
}

void ParquetColumnReader::append_empty() {
  if (column_.kind == Kind::kText || column_.kind == Kind::kBytes) column_.texts.emplace_back();
  if (column_.kind == Kind::kInteger) column_.integers.push_back(0);
  if (column_.kind == Kind::kReal) column_.reals.push_back(std::numeric_limits<double>::quiet_NaN());
}

void ParquetColumnReader::add_nulls(int64_t row_count) {
  limit_.take(row_count * static_cast<int64_t>(sizeof(int64_t) + 1));
  column_.is_null.resize(column_.is_null.size() + static_cast<size_t>(row_count), 1);
  if (column_.is_list) column_.list_starts.resize(column_.is_null.size() + 1, 0);
}

// Files store a repeated text once; records of one context follow each other, so the arena stores it once, too.
void ParquetColumnReader::append_text(const parquet::ByteArray& bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.ptr), bytes.len);
  if (text != latest_text_) {
    if (column_.kind == Kind::kText && !is_utf8(text))
      fail(fmt::format("must be UTF-8 text, but is broken at byte {}", find_broken_byte(text) + 1));
    limit_.take(static_cast<int64_t>(text.size()));
    latest_text_ = arena_.keep(text);
  }
  column_.texts.push_back(latest_text_);
}

void ParquetColumnReader::append_integer(int64_t bits) {
  if (unsigned_bits_ == 32) bits &= 0xFFFFFFFF;
  if (unsigned_bits_ == 64 && bits < 0)
    fail(
        fmt::format("must be at most {}, but is {}", std::numeric_limits<int64_t>::max(), static_cast<uint64_t>(bits)));
  column_.integers.push_back(bits);
}

int64_t ParquetColumnReader::value_count() const {
  return static_cast<int64_t>(std::max({column_.texts.size(), column_.integers.size(), column_.reals.size()}));
}

void ParquetColumnReader::fail(const std::string& what) const {
  throw UserError("`{}`: row {}: the column `{}` {}; rewrite the file", file_name_, std::max<int64_t>(row() - 1, 0),
                  column_.name, what);
}

}  // namespace retort::data
#endif
