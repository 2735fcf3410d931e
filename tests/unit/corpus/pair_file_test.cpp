// Files of pre-training data in the forms of the published programs (made with h5py and pyarrow), and ours.
#include "retort/corpus/pair_file.h"

#include <hdf5.h>

#include "retort/corpus/instance_file.h"
#include "retort/corpus/numpy_bytes.h"
#include "retort/corpus/packed_file.h"
#include "retort/corpus/pair_columns.h"
#include "retort/corpus/parquet_instances.h"
#include "unit/corpus/corpus_testing.h"

namespace retort::corpus {
namespace {

class PairFile : public FolderTest {
 protected:
  static fs::path published(const char* name) { return fs::path(RETORT_FIXTURES) / "corpus" / name; }

  const Json fixture_ = read_fixture("pairs.json");
  const text::Tokenizer tokenizer_ =
      text::Tokenizer::from_vocabulary(fixture_["pieces"].get<std::vector<std::string>>());

  std::vector<Instance> instances(const char* name) const {
    std::vector<Instance> all;
    for (const Json& one : fixture_[name]) {
      Instance instance{.ids = one["ids"],
                        .masked_positions = one["masked_positions"],
                        .masked_ids = one["masked_ids"],
                        .is_random_next = one["is_random_next"]};
      for (const Json& segment : one["segments"]) instance.first_count += segment == 0;
      all.push_back(instance);
    }
    return all;
  }

  // What a file holds, as instances; masks of dynamic ones are put back into `wanted`.
  void expect_instances(const fs::path& path, const std::vector<Instance>& wanted, bool is_dynamic = false) const {
    const PairColumns pairs(read_pair_file(path, tokenizer_));
    PairColumns::check(pairs.store, tokenizer_.vocabulary_size());
    EXPECT_EQ(pairs.is_dynamic, is_dynamic);
    ASSERT_EQ(pairs.row_count(), static_cast<int64_t>(wanted.size()));
    for (int64_t row = 0; row < pairs.row_count(); ++row) {
      Instance one = wanted[row];
      if (is_dynamic) {
        for (size_t i = 0; i < one.masked_ids.size(); ++i) one.ids[one.masked_positions[i]] = one.masked_ids[i];
        one.masked_positions.clear(), one.masked_ids.clear();
      }
      const auto of_row = [&](std::span<const int32_t> values, std::span<const int64_t> starts) {
        return std::vector<int32_t>(values.begin() + starts[row], values.begin() + starts[row + 1]);
      };
      EXPECT_EQ(of_row(pairs.ids, pairs.starts), one.ids) << row;
      EXPECT_EQ(pairs.first_counts[row], one.first_count) << row;
      EXPECT_EQ(of_row(pairs.masked_positions, pairs.mask_starts), one.masked_positions) << row;
      EXPECT_EQ(of_row(pairs.masked_ids, pairs.mask_starts), one.masked_ids) << row;
      EXPECT_EQ(pairs.next_sentence_labels[row] == 1, one.is_random_next) << row;
    }
  }

  std::string read_failure(const fs::path& path) const {
    return message_of([&] { read_pair_file(path, tokenizer_); });
  }
};

TEST_F(PairFile, ReadsThePackedRowsOfThePublishedProgram) {
  EXPECT_EQ(find_pair_form(published("packed_published.hdf5")), PairForm::kPacked);
  expect_instances(published("packed_published.hdf5"), instances("packed"));
}

TEST_F(PairFile, ReadsParquetWithMasks) {
  EXPECT_EQ(find_pair_form(published("lddl_static.parquet")), PairForm::kParquet);
  expect_instances(published("lddl_static.parquet"), instances("instances"));
}

TEST_F(PairFile, ReadsBinsOfParquetWithoutMasks) {
  for (int64_t bin = 0; bin < 2; ++bin) {
    std::vector<Instance> of_bin;
    for (const Instance& one : instances("instances"))
      if (static_cast<int64_t>(one.ids.size() - 1) / 16 == bin) of_bin.push_back(one);
    const fs::path path = published(("lddl_dynamic.parquet_" + std::to_string(bin)).c_str());
    EXPECT_TRUE(has_pair_file_name(path));
    expect_instances(path, of_bin, /*is_dynamic=*/true);
  }
}

TEST_F(PairFile, PackedRowsAreThoseOfThePublishedProgram) {
  const PackedFile file(published("packed_published.hdf5"));
  PackedRows wanted, rows;
  file.read(0, file.shape().row_count, wanted);
  EXPECT_EQ(file.shape().prediction_count, 8);
  EXPECT_EQ(file.shape().sequences_per_row, 3);
  const std::vector<Instance> all = instances("packed");
  rows.resize(file.shape().row_count, file.shape());
  size_t next = 0;
  for (int64_t row = 0; row < file.shape().row_count; ++row) {
    PackedRows::Used used;
    for (int64_t k = 0; k < 3; ++k)
      if (wanted.next_sentence_weights[row * 3 + k] == 1) rows.append(row, file.shape(), all.at(next++), used);
  }
  EXPECT_EQ(next, all.size());
  EXPECT_EQ(rows.input_ids, wanted.input_ids);
  EXPECT_EQ(rows.input_mask, wanted.input_mask);
  EXPECT_EQ(rows.segment_ids, wanted.segment_ids);
  EXPECT_EQ(rows.positions, wanted.positions);
  EXPECT_EQ(rows.masked_positions, wanted.masked_positions);
  EXPECT_EQ(rows.masked_ids, wanted.masked_ids);
  EXPECT_EQ(rows.next_sentence_positions, wanted.next_sentence_positions);
  EXPECT_EQ(rows.next_sentence_labels, wanted.next_sentence_labels);
  EXPECT_EQ(rows.next_sentence_weights, wanted.next_sentence_weights);
}

TEST_F(PairFile, PackedArraysHaveThePublishedTypes) {
  const std::vector<std::pair<const char*, size_t>> published_types{{"input_ids", 4},
                                                                    {"input_mask", 4},
                                                                    {"segment_ids", 1},
                                                                    {"positions", 4},
                                                                    {"masked_lm_positions", 4},
                                                                    {"masked_lm_ids", 4},
                                                                    {"next_sentence_positions", 4},
                                                                    {"next_sentence_labels", 1},
                                                                    {"next_sentence_weights", 4}};
  const PackedShape shape{.row_count = 4, .sequence_length = 32, .prediction_count = 8, .sequences_per_row = 3};
  PackedFileWriter writer(folder_ / "own.hdf5", shape);
  PackedRows rows;
  rows.resize(writer.rows_per_chunk(), shape);
  writer.write(0, writer.compress(rows.arrays()));
  writer.publish("");
  for (const fs::path& path : {folder_ / "own.hdf5", published("packed_published.hdf5")}) {
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    for (const auto& [name, byte_count] : published_types) {
      const hid_t array = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(array);
      EXPECT_EQ(H5Tget_size(type), byte_count) << path << name;
      H5Tclose(type), H5Dclose(array);
    }
    H5Fclose(file);
  }
}

TEST_F(PairFile, ParquetIsReadBackAsItWasWritten) {
  const std::vector<Instance> all = instances("instances");
  for (const bool has_masks : {true, false}) {
    const ParquetForm form{.has_masks = has_masks, .bin_id = has_masks ? -1 : 0};
    const fs::path path = folder_ / (has_masks ? "static.parquet" : "dynamic.parquet_0");
    std::vector<Instance> written = all;
    if (!has_masks)
      for (Instance& one : written)
        for (size_t i = 0; i < one.masked_ids.size(); ++i) one.ids[one.masked_positions[i]] = one.masked_ids[i];
    ParquetInstanceWriter writer(path, form);
    writer.write(*make_parquet_rows(std::span(written).first(10), tokenizer_, form));
    writer.write(*make_parquet_rows(std::span(written).subspan(10), tokenizer_, form));
    writer.publish("{\"a\":1}");
    EXPECT_EQ(parquet_settings(path), "{\"a\":1}");
    expect_instances(path, all, !has_masks);
  }
  EXPECT_EQ(parquet_settings(published("lddl_static.parquet")), "");
  EXPECT_EQ(parquet_settings(published("pairs.json")), "");
  { const ParquetInstanceWriter stopped(folder_ / "stopped.parquet", {}); }
  EXPECT_FALSE(fs::exists(folder_ / "stopped.parquet"));
  EXPECT_FALSE(fs::exists(folder_ / "stopped.parquet.partial"));
}

TEST_F(PairFile, NumpyBytesAreThoseOfNumpy) {
  for (const Json& one : fixture_["numpy"]) {
    const std::vector<int32_t> values = one[0];
    const std::string hex = one[1];
    std::string bytes;
    for (size_t i = 0; i < hex.size(); i += 2)
      bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    EXPECT_EQ(write_numpy_bytes(values), bytes);
    std::vector<int32_t> read;
    read_numpy_bytes(bytes, read);
    EXPECT_EQ(read, values);
    for (const size_t kept : {size_t{0}, size_t{9}, size_t{40}, bytes.size() - 1})
      EXPECT_NE(message_of([&] {
                  read_numpy_bytes(std::string_view(bytes).substr(0, kept), read);
                }).find("must be an array of integers as numpy.save writes it, but"),
                std::string::npos)
          << kept;
  }
  std::string wrong = write_numpy_bytes(std::vector<int32_t>{1});
  wrong.replace(wrong.find("<u2"), 3, "<f2");
  std::vector<int32_t> read;
  EXPECT_NE(message_of([&] { read_numpy_bytes(wrong, read); }).find("has another type"), std::string::npos);
}

TEST_F(PairFile, RefusesOtherParquetFiles) {
  // The published file has pieces that another vocabulary lacks.
  const text::Tokenizer other = text::Tokenizer::from_vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "w1"});
  const std::string message = message_of([&] { read_pair_file(published("lddl_static.parquet"), other); });
  EXPECT_NE(message.find("lddl_static.parquet`: row 0: the column `A` must hold pieces of the vocabulary, but holds `"),
            std::string::npos)
      << message;
  // Rows of another kind of table.
  const fs::path tables = fs::path(RETORT_FIXTURES) / "tables";
  for (const auto& entry : fs::directory_iterator(tables)) {
    if (entry.path().extension() != ".parquet") continue;
    EXPECT_NE(read_failure(entry.path()).find("must have the column `A`, but has"), std::string::npos) << entry.path();
    break;
  }
  const std::string whole = read_file(published("lddl_static.parquet"));
  write("cut.parquet", whole.substr(0, whole.size() / 2));
  EXPECT_NE(read_failure(folder_ / "cut.parquet").find("cut.parquet` must be a readable Parquet file, but"),
            std::string::npos);
  write("text.parquet", "one\ntwo\n");
  EXPECT_NE(
      read_failure(folder_ / "text.parquet").find("text.parquet` must be a Parquet file, but is not; make it again"),
      std::string::npos);
}

TEST_F(PairFile, RefusesPackedRowsWithoutAnArray) {
  fs::copy_file(published("packed_published.hdf5"), folder_ / "p.hdf5");
  const hid_t file = H5Fopen((folder_ / "p.hdf5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  H5Ldelete(file, "next_sentence_labels", H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_NE(read_failure(folder_ / "p.hdf5")
                .find("p.hdf5` must hold the array `next_sentence_labels`, but does not; make it again"),
            std::string::npos);
  fs::remove(folder_ / "p.hdf5");
  fs::copy_file(published("packed_published.hdf5"), folder_ / "p.hdf5");
  const hid_t again = H5Fopen((folder_ / "p.hdf5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t owners = H5Dopen2(again, "input_mask", H5P_DEFAULT);
  std::vector<int32_t> values(
      static_cast<size_t>(PackedFile(published("packed_published.hdf5")).shape().row_count) * 32, 2);
  H5Dwrite(owners, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(owners), H5Fclose(again);
  EXPECT_NE(read_failure(folder_ / "p.hdf5").find("must number its instances 1, 2, ... from the left"),
            std::string::npos);
}

TEST_F(PairFile, KnowsFormsByContent) {
  EXPECT_EQ(find_pair_form(write("a.txt", "one\n")), PairForm::kSentences);
  EXPECT_EQ(find_pair_form(write("a", "")), PairForm::kSentences);
  EXPECT_NE(message_of([&] { find_pair_form(folder_ / "none.txt"); }).find("cannot be read"), std::string::npos);
  EXPECT_NE(message_of([&] { find_pair_form(write("text.hdf5", "text")); }).find("must be an HDF5 file, but is not"),
            std::string::npos);
  EXPECT_FALSE(has_pair_file_name("x.hdf5.partial"));
  EXPECT_TRUE(has_pair_file_name("part.3.parquet_11"));
}

}  // namespace
}  // namespace retort::corpus
