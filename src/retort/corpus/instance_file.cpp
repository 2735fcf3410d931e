#include "retort/corpus/instance_file.h"

#include <hdf5.h>
#include <zlib.h>

#include <algorithm>
#include <utility>

#include "retort/base/error.h"

namespace retort::corpus {
namespace {

constexpr int kGzipLevel = 4;               // that of h5py's compression="gzip"
constexpr int64_t kChunkBytes = 512 << 10;  // of input_ids: half of HDF5's cache of chunks
// Limits of files from elsewhere, since memory is allocated by what a file claims.
constexpr int64_t kMostColumns = 1 << 16;      // tokens of a row
constexpr int64_t kMostDeflated = 1032;        // bytes that gzip makes of one
constexpr hsize_t kMostChunkBytes = 64 << 20;  // decompressed at once; h5py's own chunks have 1 MB at most
constexpr size_t kMostSettingsBytes = 1 << 20;
constexpr const char* kSettingsName = "retort_settings";
constexpr const char* kRemedy = "make it again by `retort data instances`";

enum class Columns { kSequence, kPredictions, kNone };
struct ArrayForm {
  const char* name;
  Columns columns;
  bool is_wide;  // int32, else int8
};
constexpr std::array<ArrayForm, 6> kArrays{{{"input_ids", Columns::kSequence, true},
                                            {"input_mask", Columns::kSequence, false},
                                            {"segment_ids", Columns::kSequence, false},
                                            {"masked_lm_positions", Columns::kPredictions, true},
                                            {"masked_lm_ids", Columns::kPredictions, true},
                                            {"next_sentence_labels", Columns::kNone, false}}};

// Closes an object of the library at the end of the scope.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// Call before any other function of the library. It prints what fails unless it is told not to, and at exit it closes
// files that a full disk kept it from closing, which ends in a segmentation fault (version 1.10).
void silence() {
  static const bool done = [] {
    H5dont_atexit();
    return H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  }();
  static_cast<void>(done);
}

template <typename Result>
Result check_written(Result result, const fs::path& path) {
  if (result < 0)
    throw UserError(
        "`{}` must be writable, but the HDF5 library failed; check the disk and the permissions, then repeat the "
        "command",
        path.string());
  return result;
}

std::vector<hsize_t> dimensions_of(const ArrayForm& form, int64_t rows, const InstanceShape& shape) {
  std::vector<hsize_t> dimensions{static_cast<hsize_t>(rows)};
  if (form.columns == Columns::kSequence) dimensions.push_back(static_cast<hsize_t>(shape.sequence_length));
  if (form.columns == Columns::kPredictions) dimensions.push_back(static_cast<hsize_t>(shape.prediction_count));
  return dimensions;
}

hid_t make_array(hid_t file, const ArrayForm& form, const InstanceShape& shape, int64_t rows_per_chunk) {
  const std::vector<hsize_t> dimensions = dimensions_of(form, shape.row_count, shape),
                             chunk = dimensions_of(form, rows_per_chunk, shape);
  const auto rank = static_cast<int>(dimensions.size());
  const Handle space(H5Screate_simple(rank, dimensions.data(), nullptr), H5Sclose);
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_chunk(properties, rank, chunk.data());
  H5Pset_deflate(properties, kGzipLevel);
  H5Pset_obj_track_times(properties, false);  // the same bytes at any time
  return H5Dcreate2(file, form.name, form.is_wide ? H5T_STD_I32LE : H5T_STD_I8LE, space, H5P_DEFAULT, properties,
                    H5P_DEFAULT);
}

void write_settings(hid_t file, const std::string& settings) {
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, settings.size() + 1);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle attribute(H5Acreate2(file, kSettingsName, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  H5Awrite(attribute, type, settings.c_str());
}

std::string read_settings(hid_t file) {
  if (H5Aexists(file, kSettingsName) <= 0) return {};
  const Handle attribute(H5Aopen(file, kSettingsName, H5P_DEFAULT), H5Aclose);
  const Handle type(H5Aget_type(attribute), H5Tclose);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || H5Tget_size(type) > kMostSettingsBytes)
    return {};
  std::string settings(H5Tget_size(type), '\0');
  if (H5Aread(attribute, type, settings.data()) < 0) return {};
  return settings.c_str();
}

const void* data_of(const InstanceRows& rows, size_t array) {
  switch (array) {
    case 0:
      return rows.input_ids.data();
    case 1:
      return rows.input_mask.data();
    case 2:
      return rows.segment_ids.data();
    case 3:
      return rows.masked_positions.data();
    case 4:
      return rows.masked_ids.data();
    default:
      return rows.next_sentence_labels.data();
  }
}

std::vector<unsigned char> deflate(const void* bytes, size_t byte_count) {
  uLongf size = compressBound(byte_count);
  std::vector<unsigned char> compressed(size);
  const int result = compress2(compressed.data(), &size, static_cast<const Bytef*>(bytes), byte_count, kGzipLevel);
  RETORT_CHECK(result == Z_OK, "zlib answers {}", result);
  compressed.resize(size);
  return compressed;
}

std::string written(const std::vector<hsize_t>& dimensions) {
  std::string text;
  for (const hsize_t dimension : dimensions) text += (text.empty() ? "" : " x ") + std::to_string(dimension);
  return text;
}

std::vector<hsize_t> dimensions_of(hid_t array) {
  const Handle space(H5Dget_space(array), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> dimensions(static_cast<size_t>(std::max(rank, 0)));
  H5Sget_simple_extent_dims(space, dimensions.data(), nullptr);
  return dimensions;
}

hid_t open_array(hid_t file, const ArrayForm& form, const fs::path& path) {
  H5L_info_t link = {};
  const bool is_here = H5Lexists(file, form.name, H5P_DEFAULT) > 0 &&
                       H5Lget_info(file, form.name, &link, H5P_DEFAULT) >= 0 && link.type == H5L_TYPE_HARD;
  const hid_t array = is_here ? H5Dopen2(file, form.name, H5P_DEFAULT) : -1;
  if (array < 0) throw UserError("`{}` must hold the array `{}`, but does not; {}", path.string(), form.name, kRemedy);
  const Handle type(H5Dget_type(array), H5Tclose);
  if (H5Tget_class(type) == H5T_INTEGER) return array;
  H5Dclose(array);
  throw UserError("`{}` array `{}` must hold integers, but does not; {}", path.string(), form.name, kRemedy);
}

// An array may be stored in other files, which are not read, and in chunks of any size.
void check_storage(hid_t array, const ArrayForm& form, const fs::path& path) {
  const Handle properties(H5Dget_create_plist(array), H5Pclose);
  const H5D_layout_t layout = H5Pget_layout(properties);
  if (layout == H5D_VIRTUAL || H5Pget_external_count(properties) > 0)
    throw UserError("`{}` array `{}` must be stored in the file itself, but is in another file; {}", path.string(),
                    form.name, kRemedy);
  std::array<hsize_t, 2> chunk{1, 1};
  if (layout != H5D_CHUNKED || H5Pget_chunk(properties, 2, chunk.data()) < 0) return;
  const Handle type(H5Dget_type(array), H5Tclose);
  const hsize_t most = kMostChunkBytes / std::max<hsize_t>(H5Tget_size(type), 1);
  if (chunk[0] > most || chunk[1] > most / std::max<hsize_t>(chunk[0], 1))
    throw UserError("`{}` array `{}` must have chunks of at most {} bytes, but has chunks of {} x {}; {}",
                    path.string(), form.name, kMostChunkBytes, chunk[0], chunk[1], kRemedy);
}

// What the file claims to hold must fit into its bytes.
void check_size(const InstanceShape& shape, const fs::path& path) {
  const auto byte_count = static_cast<int64_t>(fs::file_size(path));
  const bool is_possible = shape.sequence_length >= 0 && shape.sequence_length <= kMostColumns &&
                           shape.prediction_count >= 0 && shape.prediction_count <= kMostColumns &&
                           shape.row_count >= 0 && shape.row_count / kMostDeflated <= byte_count;
  if (!is_possible)
    throw UserError(
        "`{}` must be a whole HDF5 file, but claims {} rows of {} tokens and {} predictions in {} bytes; {}",
        path.string(), shape.row_count, shape.sequence_length, shape.prediction_count, byte_count, kRemedy);
}

void check_shape(hid_t array, const ArrayForm& form, const InstanceShape& shape, const fs::path& path) {
  const std::vector<hsize_t> is = dimensions_of(array), wanted = dimensions_of(form, shape.row_count, shape);
  if (is != wanted)
    throw UserError("`{}` array `{}` must have the shape {}, but has {}; {}", path.string(), form.name, written(wanted),
                    written(is), kRemedy);
}

}  // namespace

Hdf5Objects::~Hdf5Objects() { close(); }

bool Hdf5Objects::close() {
  bool is_whole = true;
  for (int64_t& array : arrays)
    if (array >= 0) is_whole = H5Dclose(std::exchange(array, -1)) >= 0 && is_whole;
  if (file >= 0) is_whole = H5Fclose(std::exchange(file, -1)) >= 0 && is_whole;
  return is_whole;
}

void InstanceRows::resize(int64_t rows, const InstanceShape& shape) {
  row_count = rows;
  const auto tokens = static_cast<size_t>(rows * shape.sequence_length),
             predictions = static_cast<size_t>(rows * shape.prediction_count);
  input_ids.assign(tokens, 0);
  input_mask.assign(tokens, 0);
  segment_ids.assign(tokens, 0);
  masked_positions.assign(predictions, 0);
  masked_ids.assign(predictions, 0);
  next_sentence_labels.assign(static_cast<size_t>(rows), 0);
}

void InstanceRows::set(int64_t row, const InstanceShape& shape, const Instance& instance) {
  const auto length = static_cast<int64_t>(instance.ids.size());
  RETORT_CHECK(length <= shape.sequence_length, "an instance of {} tokens is put into a row of {}", length,
               shape.sequence_length);
  const int64_t at = row * shape.sequence_length, masked_at = row * shape.prediction_count;
  std::copy(instance.ids.begin(), instance.ids.end(), input_ids.begin() + at);
  std::fill_n(input_mask.begin() + at, length, int8_t{1});
  std::fill(segment_ids.begin() + at + instance.first_count, segment_ids.begin() + at + length, int8_t{1});
  std::copy(instance.masked_positions.begin(), instance.masked_positions.end(), masked_positions.begin() + masked_at);
  std::copy(instance.masked_ids.begin(), instance.masked_ids.end(), masked_ids.begin() + masked_at);
  next_sentence_labels[row] = instance.is_random_next;
}

InstanceFileWriter::InstanceFileWriter(fs::path path, const InstanceShape& shape)
    : path_(std::move(path)),
      partial_path_(fs::path(path_) += ".partial"),
      shape_(shape),
      rows_per_chunk_(
          std::clamp<int64_t>(kChunkBytes / (4 * shape.sequence_length), 1, std::max<int64_t>(shape.row_count, 1))) {
  silence();
  const Handle properties(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties, false);
  objects_.file = check_written(H5Fcreate(partial_path_.c_str(), H5F_ACC_TRUNC, properties, H5P_DEFAULT), path_);
  for (size_t i = 0; i < kArrays.size(); ++i)
    objects_.arrays[i] = check_written(make_array(objects_.file, kArrays[i], shape_, rows_per_chunk_), path_);
}

InstanceFileWriter::~InstanceFileWriter() {
  if (objects_.file < 0) return;
  objects_.close();
  std::error_code ignored;
  fs::remove(partial_path_, ignored);
}

int64_t InstanceFileWriter::chunk_count() const { return (shape_.row_count + rows_per_chunk_ - 1) / rows_per_chunk_; }

InstanceFileWriter::Chunk InstanceFileWriter::compress(const InstanceRows& rows) const {
  RETORT_CHECK(rows.row_count == rows_per_chunk_, "a chunk of {} rows is written where {} are one", rows.row_count,
               rows_per_chunk_);
  Chunk chunk;
  for (size_t i = 0; i < kArrays.size(); ++i) {
    size_t values = 1;
    for (const hsize_t dimension : dimensions_of(kArrays[i], rows_per_chunk_, shape_)) values *= dimension;
    chunk[i] = deflate(data_of(rows, i), values * (kArrays[i].is_wide ? 4 : 1));
  }
  return chunk;
}

void InstanceFileWriter::write(int64_t chunk, const Chunk& compressed) {
  const hsize_t offset[2] = {static_cast<hsize_t>(chunk * rows_per_chunk_), 0};
  for (size_t i = 0; i < kArrays.size(); ++i)
    check_written(
        H5Dwrite_chunk(objects_.arrays[i], H5P_DEFAULT, 0, offset, compressed[i].size(), compressed[i].data()), path_);
}

void InstanceFileWriter::publish(const std::string& settings) {
  write_settings(objects_.file, settings);
  check_written(objects_.close() ? 0 : -1, path_);
  sync_path(partial_path_);
  fs::rename(partial_path_, path_);
  sync_path(path_.parent_path().empty() ? "." : path_.parent_path());
}

InstanceFile::InstanceFile(fs::path path) : path_(std::move(path)) {
  silence();
  if (!fs::is_regular_file(path_))
    throw UserError("`{}` must be an HDF5 file, but {}; check the path", path_.string(),
                    fs::exists(path_) ? "is a folder or device" : "is not there");
  if (H5Fis_hdf5(path_.c_str()) <= 0)
    throw UserError("`{}` must be an HDF5 file, but is not; {}", path_.string(), kRemedy);
  objects_.file = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (objects_.file < 0) throw UserError("`{}` must be a whole HDF5 file, but is damaged; {}", path_.string(), kRemedy);
  for (size_t i = 0; i < kArrays.size(); ++i) objects_.arrays[i] = open_array(objects_.file, kArrays[i], path_);
  const std::vector<hsize_t> ids = dimensions_of(objects_.arrays[0]), positions = dimensions_of(objects_.arrays[3]);
  if (ids.size() != 2 || positions.size() != 2)
    throw UserError(
        "`{}` arrays `input_ids` and `masked_lm_positions` must have two dimensions, but have {} and {}; {}",
        path_.string(), ids.size(), positions.size(), kRemedy);
  shape_ = {static_cast<int64_t>(ids[0]), static_cast<int64_t>(ids[1]), static_cast<int64_t>(positions[1])};
  check_size(shape_, path_);
  for (size_t i = 0; i < kArrays.size(); ++i) {
    check_shape(objects_.arrays[i], kArrays[i], shape_, path_);
    check_storage(objects_.arrays[i], kArrays[i], path_);
  }
  settings_ = read_settings(objects_.file);
}

void InstanceFile::read(int64_t begin, int64_t count, InstanceRows& rows) const {
  RETORT_CHECK(begin >= 0 && count >= 0 && begin + count <= shape_.row_count, "rows {}..{} of {} are read", begin,
               begin + count, shape_.row_count);
  rows.resize(count, shape_);
  if (count == 0) return;
  for (size_t i = 0; i < kArrays.size(); ++i) {
    const std::vector<hsize_t> extent = dimensions_of(kArrays[i], count, shape_);
    const hsize_t start[2] = {static_cast<hsize_t>(begin), 0};
    const Handle in_file(H5Dget_space(objects_.arrays[i]), H5Sclose);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, nullptr, extent.data(), nullptr);
    const Handle in_memory(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose);
    if (H5Dread(objects_.arrays[i], kArrays[i].is_wide ? H5T_NATIVE_INT32 : H5T_NATIVE_INT8, in_memory, in_file,
                H5P_DEFAULT, const_cast<void*>(data_of(rows, i))) < 0)
      throw UserError("`{}` array `{}` must be readable at rows {} to {}, but is damaged; {}", path_.string(),
                      kArrays[i].name, begin, begin + count, kRemedy);
  }
}

}  // namespace retort::corpus
