#include "retort/corpus/pair_file.h"

#include <algorithm>
#include <fstream>

#include "retort/base/error.h"
#include "retort/corpus/instance_file.h"
#include "retort/corpus/packed_file.h"
#include "retort/corpus/pair_columns.h"
#include "retort/corpus/parquet_instances.h"

namespace retort::corpus {
namespace {

constexpr int64_t kRowsAtOnce = 4096;

std::string first_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(8, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  if (in.bad() || (!in && !in.eof()) || !fs::is_regular_file(path))
    throw UserError("`{}` must be a file of pre-training data, but cannot be read; check the path", path.string());
  return bytes;
}

// Appends what `add(rows, row)` makes of each row of a file of HDF5.
template <typename Rows, typename File, typename Add>
PairColumnsBuilder read_rows(const File& file, Add add) {
  PairColumnsBuilder pairs;
  Rows rows;
  for (int64_t begin = 0; begin < file.shape().row_count; begin += kRowsAtOnce) {
    const int64_t count = std::min(kRowsAtOnce, file.shape().row_count - begin);
    file.read(begin, count, rows);
    for (int64_t row = 0; row < count; ++row) add(rows, row, pairs);
  }
  return pairs;
}

int64_t count_first_segment(std::span<const int8_t> segments) {
  return std::count(segments.begin(), segments.end(), int8_t{0});
}

PairColumnsBuilder read_instances(const fs::path& path) {
  const InstanceFile file(path);
  const int64_t S = file.shape().sequence_length, P = file.shape().prediction_count;
  return read_rows<InstanceRows>(file, [&](const InstanceRows& rows, int64_t row, PairColumnsBuilder& pairs) {
    const auto mask = std::span(rows.input_mask).subspan(row * S, S);
    const int64_t length = std::count(mask.begin(), mask.end(), int8_t{1});
    const auto positions = std::span(rows.masked_positions).subspan(row * P, P);
    // Position 0 is [CLS], which is never masked, so 0 ends the list.
    const int64_t masked = std::find(positions.begin(), positions.end(), 0) - positions.begin();
    pairs.add(std::span(rows.input_ids).subspan(row * S, length),
              count_first_segment(std::span(rows.segment_ids).subspan(row * S, length)), positions.first(masked),
              std::span(rows.masked_ids).subspan(row * P, masked), rows.next_sentence_labels[row]);
  });
}

// The instances of packed rows, one by one.
class PackedReader {
 public:
  PackedReader(const PackedShape& shape, const fs::path& path) : shape_(shape), path_(path) {}

  void operator()(const PackedRows& rows, int64_t row, PairColumnsBuilder& pairs) {
    const int64_t S = shape_.sequence_length, P = shape_.prediction_count, K = shape_.sequences_per_row;
    const auto owners = std::span(rows.input_mask).subspan(row * S, S);
    const auto positions = std::span(rows.masked_positions).subspan(row * P, P);
    const int64_t all_masked = std::find(positions.begin(), positions.end(), 0) - positions.begin();
    int64_t begin = 0, mask = 0;
    for (int32_t sequence = 1; begin < S && owners[begin] != 0; ++sequence) {
      const int64_t end = end_of(owners, begin);
      if (owners[begin] != sequence || sequence > K)
        fail(row, "number its instances 1, 2, ... from the left", owners[begin]);
      if (rows.positions[row * S + begin] != 0)
        fail(row, "begin each instance at position 0", rows.positions[row * S + begin]);
      places_.clear();
      const int64_t first_mask = mask;
      for (; mask < all_masked && positions[mask] < end; ++mask)
        places_.push_back(static_cast<int32_t>(positions[mask] - begin));
      pairs.add(std::span(rows.input_ids).subspan(row * S + begin, end - begin),
                count_first_segment(std::span(rows.segment_ids).subspan(row * S + begin, end - begin)), places_,
                std::span(rows.masked_ids).subspan(row * P + first_mask, mask - first_mask),
                rows.next_sentence_labels[row * K + sequence - 1]);
      begin = end;
    }
    if (mask < all_masked) fail(row, "mask tokens of its instances in their order", positions[mask]);
  }

 private:
  static int64_t end_of(std::span<const int32_t> owners, int64_t begin) {
    return std::find_if(owners.begin() + begin, owners.end(), [&](int32_t owner) { return owner != owners[begin]; }) -
           owners.begin();
  }

  [[noreturn]] void fail(int64_t row, std::string_view must, int32_t value) const {
    throw UserError(
        "`{}` must {}, but one of its rows ({} of a group of {}) holds {}; make it again by `retort data instances "
        "--format packed`",
        path_.string(), must, row, kRowsAtOnce, value);
  }

  PackedShape shape_;
  const fs::path& path_;
  std::vector<int32_t> places_;
};

PairColumnsBuilder read_packed(const fs::path& path) {
  const PackedFile file(path);
  return read_rows<PackedRows>(file, PackedReader(file.shape(), path));
}

}  // namespace

std::string_view name_of(PairForm form) {
  switch (form) {
    case PairForm::kSentences:
      return "sentences";
    case PairForm::kInstances:
      return "HDF5 instances";
    case PairForm::kPacked:
      return "packed HDF5 instances";
    default:
      return "Parquet instances";
  }
}

bool has_pair_file_name(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".txt" || extension == ".hdf5" || extension == ".h5" || extension == ".parquet" ||
         extension.starts_with(".parquet_");
}

PairForm find_pair_form(const fs::path& path) {
  const std::string bytes = first_bytes(path);
  if (bytes.starts_with("PAR1")) return PairForm::kParquet;
  const std::string extension = path.extension().string();
  if (!bytes.starts_with("\x89HDF") && extension != ".hdf5" && extension != ".h5") {
    if (extension.starts_with(".parquet"))
      throw UserError(
          "`{}` must be a Parquet file, but is not; make it again by `retort data instances --format parquet`",
          path.string());
    return PairForm::kSentences;
  }
  return PackedFile::is_one(Hdf5Table(path)) ? PairForm::kPacked : PairForm::kInstances;
}

data::ColumnStore read_pair_file(const fs::path& path, const text::Tokenizer& tokenizer) {
  switch (find_pair_form(path)) {
    case PairForm::kInstances:
      return read_instances(path).finish();
    case PairForm::kPacked:
      return read_packed(path).finish();
    case PairForm::kParquet:
      return read_parquet_instances(path, tokenizer).finish();
    default:
      throw UserError("`{}` must be instances in HDF5 or Parquet, but is text; make them by `retort data instances`",
                      path.string());
  }
}

}  // namespace retort::corpus
