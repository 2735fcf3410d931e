#include "retort/corpus/instance_file.h"

#include <hdf5.h>

#include "unit/corpus/corpus_testing.h"

namespace retort::corpus {
namespace {

using InstanceFileTest = FolderTest;

Instance instance_of(int32_t first_id, int64_t count) {
  Instance instance;
  for (int64_t i = 0; i < count; ++i) instance.ids.push_back(first_id + static_cast<int32_t>(i));
  instance.first_count = count / 2;
  instance.masked_positions = {1, 3};
  instance.masked_ids = {first_id + 100, first_id + 101};
  instance.is_random_next = first_id % 2 == 1;
  return instance;
}

void write_instances(const fs::path& path, const InstanceShape& shape) {
  InstanceFileWriter writer(path, shape);
  for (int64_t chunk = 0; chunk < writer.chunk_count(); ++chunk) {
    InstanceRows rows;
    rows.resize(writer.rows_per_chunk(), shape);
    for (int64_t i = 0; i < writer.rows_per_chunk(); ++i) {
      const int64_t row = chunk * writer.rows_per_chunk() + i;
      if (row < shape.row_count) rows.set(i, shape, instance_of(static_cast<int32_t>(row % 1000), 5 + row % 4));
    }
    writer.write(chunk, writer.compress(rows.arrays()));
  }
  writer.publish("{\"a\":1}");
}

// A file with the six arrays of zeros, but for one that `name` says, which is missing or of other columns.
void write_other(const fs::path& path, const std::string& name, hsize_t columns) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  for (const auto& [array, width] : std::vector<std::pair<std::string, hsize_t>>{{"input_ids", 16},
                                                                                 {"input_mask", 16},
                                                                                 {"segment_ids", 16},
                                                                                 {"masked_lm_positions", 4},
                                                                                 {"masked_lm_ids", 4},
                                                                                 {"next_sentence_labels", 0}}) {
    if (array == name && columns == 0) continue;
    const hsize_t dimensions[2] = {3, array == name ? columns : width};
    const hid_t space = H5Screate_simple(width == 0 ? 1 : 2, dimensions, nullptr);
    H5Dclose(H5Dcreate2(file, array.c_str(), H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
  }
  H5Fclose(file);
}

TEST_F(InstanceFileTest, GivesBackWhatWasWritten) {
  const InstanceShape shape{.row_count = 2500, .sequence_length = 128, .prediction_count = 4};
  write_instances(folder_ / "a.hdf5", shape);
  EXPECT_FALSE(fs::exists(folder_ / "a.hdf5.partial"));
  const InstanceFile file(folder_ / "a.hdf5");
  EXPECT_EQ(file.shape().row_count, 2500);
  EXPECT_EQ(file.shape().sequence_length, 128);
  EXPECT_EQ(file.shape().prediction_count, 4);
  EXPECT_EQ(file.settings(), "{\"a\":1}");
  InstanceRows rows, expected;
  for (const auto& [begin, count] : std::vector<std::pair<int64_t, int64_t>>{{0, 1}, {1020, 10}, {2400, 100}, {7, 0}}) {
    file.read(begin, count, rows);
    expected.resize(count, shape);
    for (int64_t i = 0; i < count; ++i)
      expected.set(i, shape, instance_of(static_cast<int32_t>((begin + i) % 1000), 5 + (begin + i) % 4));
    EXPECT_EQ(rows.input_ids, expected.input_ids);
    EXPECT_EQ(rows.input_mask, expected.input_mask);
    EXPECT_EQ(rows.segment_ids, expected.segment_ids);
    EXPECT_EQ(rows.masked_positions, expected.masked_positions);
    EXPECT_EQ(rows.masked_ids, expected.masked_ids);
    EXPECT_EQ(rows.next_sentence_labels, expected.next_sentence_labels);
  }
}

TEST_F(InstanceFileTest, HasTheSameBytesEachTime) {
  const InstanceShape shape{.row_count = 300, .sequence_length = 16, .prediction_count = 4};
  write_instances(folder_ / "a.hdf5", shape);
  write_instances(folder_ / "b.hdf5", shape);
  EXPECT_EQ(read_file(folder_ / "a.hdf5"), read_file(folder_ / "b.hdf5"));
}

TEST_F(InstanceFileTest, HasTheTypesOfThePublishedFiles) {
  write_instances(folder_ / "a.hdf5", {.row_count = 10, .sequence_length = 16, .prediction_count = 4});
  const hid_t file = H5Fopen((folder_ / "a.hdf5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  for (const auto& [name, byte_count] : std::vector<std::pair<const char*, size_t>>{{"input_ids", 4},
                                                                                    {"input_mask", 1},
                                                                                    {"segment_ids", 1},
                                                                                    {"masked_lm_positions", 4},
                                                                                    {"masked_lm_ids", 4},
                                                                                    {"next_sentence_labels", 1}}) {
    const hid_t array = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(array),
                properties = H5Dget_create_plist(array);
    EXPECT_EQ(H5Tget_size(type), byte_count) << name;
    EXPECT_EQ(H5Tget_class(type), H5T_INTEGER) << name;
    EXPECT_EQ(H5Pget_nfilters(properties), 1) << name;
    size_t values = 0;
    unsigned flags = 0, filter_config = 0;
    EXPECT_EQ(H5Pget_filter2(properties, 0, &flags, &values, nullptr, 0, nullptr, &filter_config), H5Z_FILTER_DEFLATE)
        << name;
    H5Pclose(properties), H5Tclose(type), H5Dclose(array);
  }
  H5Fclose(file);
}

TEST_F(InstanceFileTest, RefusesOtherFiles) {
  const auto open = [&](const char* name) { return message_of([&] { InstanceFile(folder_ / name); }); };
  write_other(folder_ / "good.hdf5", "", 0);
  EXPECT_EQ(open("good.hdf5"), "");
  EXPECT_NE(open("none.hdf5").find("must be an HDF5 file, but is not there"), std::string::npos);
  write("text.hdf5", "text");
  EXPECT_NE(open("text.hdf5").find("must be an HDF5 file, but is not; make it again"), std::string::npos);
  write_other(folder_ / "missing.hdf5", "masked_lm_ids", 0);
  EXPECT_NE(open("missing.hdf5").find("must hold the array `masked_lm_ids`, but does not"), std::string::npos);
  write_other(folder_ / "shape.hdf5", "segment_ids", 8);
  EXPECT_NE(open("shape.hdf5").find("array `segment_ids` must have the shape 3 x 16, but has 3 x 8"),
            std::string::npos);
  const std::string whole = read_file(folder_ / "good.hdf5");
  write("cut.hdf5", whole.substr(0, whole.size() / 2));
  EXPECT_NE(open("cut.hdf5").find("cut.hdf5` must"), std::string::npos);
  write_other(folder_ / "flat.hdf5", "input_ids", 1);
  EXPECT_NE(open("flat.hdf5").find("flat.hdf5` array `input_mask` must have the shape 3 x 1, but has 3 x 16"),
            std::string::npos);
}

// A file whose arrays claim a size that their bytes cannot hold, or that are stored in another file.
void write_claims(const fs::path& path, hsize_t rows, hsize_t tokens, hsize_t chunk_tokens, const char* external) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  for (const char* const array :
       {"input_ids", "input_mask", "segment_ids", "masked_lm_positions", "masked_lm_ids", "next_sentence_labels"}) {
    const bool is_flat = std::string_view(array) == "next_sentence_labels";
    const hsize_t dimensions[2] = {rows, tokens}, chunk[2] = {1, chunk_tokens};
    const hid_t space = H5Screate_simple(is_flat ? 1 : 2, dimensions, nullptr);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    if (external != nullptr && !is_flat)
      H5Pset_external(properties, external, 0, rows * tokens * 8);
    else
      H5Pset_chunk(properties, is_flat ? 1 : 2, chunk);
    H5Dclose(H5Dcreate2(file, array, H5T_STD_I64LE, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    H5Pclose(properties), H5Sclose(space);
  }
  H5Fclose(file);
}

TEST_F(InstanceFileTest, RefusesFilesThatClaimTooMuch) {
  const auto open = [&](const char* name) { return message_of([&] { InstanceFile(folder_ / name); }); };
  write_claims(folder_ / "rows.hdf5", hsize_t{1} << 50, 16, 16, nullptr);
  EXPECT_NE(open("rows.hdf5").find("claims 1125899906842624 rows of 16 numbers in "), std::string::npos);
  write_claims(folder_ / "tokens.hdf5", 3, hsize_t{1} << 40, 16, nullptr);
  EXPECT_NE(open("tokens.hdf5").find("claims 3 rows of 1099511627776 numbers"), std::string::npos);
  write_claims(folder_ / "other.hdf5", 3, 16, 16, "/etc/hostname");
  EXPECT_NE(open("other.hdf5").find("array `input_ids` must be stored in the file itself"), std::string::npos);
  const hid_t file = H5Fcreate((folder_ / "links.hdf5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external("rows.hdf5", "input_ids", file, "input_ids", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_NE(open("links.hdf5").find("must hold the array `input_ids`, but does not"), std::string::npos);
}

}  // namespace
}  // namespace retort::corpus
