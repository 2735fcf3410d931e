#include "retort/corpus/hdf5_table.h"

#include <hdf5.h>
#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "retort/base/error.h"

namespace retort::corpus {
namespace {

constexpr int kZlibLevel = 4;               // that of h5py's compression="gzip"; a note in the file
constexpr int kDeflateLevel = 1;            // a quarter of the time of zlib's level 4, and files 2 % larger
constexpr int64_t kChunkBytes = 512 << 10;  // of the first array: half of HDF5's cache of chunks
// Limits of files from elsewhere, since memory is allocated by what a file claims.
constexpr int64_t kMostColumns = 1 << 16;      // of a row
constexpr int64_t kMostDeflated = 1032;        // bytes that gzip makes of one
constexpr hsize_t kMostChunkBytes = 64 << 20;  // decompressed at once; h5py's own chunks have 1 MB at most
constexpr size_t kMostSettingsBytes = 1 << 20;
constexpr const char* kSettingsName = "retort_settings";
constexpr const char* kRemedy = "make it again by `retort data instances`";

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

std::vector<hsize_t> dimensions_of(const ArrayForm& form, int64_t rows) {
  std::vector<hsize_t> dimensions{static_cast<hsize_t>(rows)};
  if (form.columns > 0) dimensions.push_back(static_cast<hsize_t>(form.columns));
  return dimensions;
}

hid_t make_array(hid_t file, const ArrayForm& form, int64_t row_count, int64_t rows_per_chunk) {
  const std::vector<hsize_t> dimensions = dimensions_of(form, row_count), chunk = dimensions_of(form, rows_per_chunk);
  const auto rank = static_cast<int>(dimensions.size());
  const Handle space(H5Screate_simple(rank, dimensions.data(), nullptr), H5Sclose);
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_chunk(properties, rank, chunk.data());
  H5Pset_deflate(properties, kZlibLevel);
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

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};

// A stream of zlib's format.
std::vector<std::byte> compress_bytes(std::span<const std::byte> bytes) {
  thread_local const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      libdeflate_alloc_compressor(kDeflateLevel));
  RETORT_CHECK(compressor != nullptr, "libdeflate has no compressor of level {}", kDeflateLevel);
  std::vector<std::byte> compressed(libdeflate_zlib_compress_bound(compressor.get(), bytes.size()));
  const size_t size =
      libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(), compressed.data(), compressed.size());
  RETORT_CHECK(size > 0, "libdeflate cannot compress {} bytes", bytes.size());
  return {compressed.begin(), compressed.begin() + static_cast<std::ptrdiff_t>(size)};
}

std::string written(const std::vector<int64_t>& dimensions) {
  std::string text;
  for (const int64_t dimension : dimensions) text += (text.empty() ? "" : " x ") + std::to_string(dimension);
  return text.empty() ? "no dimension" : text;
}

std::vector<int64_t> dimensions_of(hid_t array) {
  const Handle space(H5Dget_space(array), H5Sclose);
  const int rank = std::max(H5Sget_simple_extent_ndims(space), 0);
  std::vector<hsize_t> dimensions(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space, dimensions.data(), nullptr);
  return {dimensions.begin(), dimensions.end()};
}

hid_t open_array(hid_t file, const char* name, const fs::path& path) {
  H5L_info_t link = {};
  const bool is_here = H5Lexists(file, name, H5P_DEFAULT) > 0 && H5Lget_info(file, name, &link, H5P_DEFAULT) >= 0 &&
                       link.type == H5L_TYPE_HARD;
  const hid_t array = is_here ? H5Dopen2(file, name, H5P_DEFAULT) : -1;
  if (array < 0) throw UserError("`{}` must hold the array `{}`, but does not; {}", path.string(), name, kRemedy);
  const Handle type(H5Dget_type(array), H5Tclose);
  if (H5Tget_class(type) == H5T_INTEGER) return array;
  H5Dclose(array);
  throw UserError("`{}` array `{}` must hold integers, but does not; {}", path.string(), name, kRemedy);
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
void check_size(const std::vector<ArrayForm>& forms, int64_t row_count, const fs::path& path) {
  const auto byte_count = static_cast<int64_t>(fs::file_size(path));
  bool is_possible = row_count >= 0 && row_count / kMostDeflated <= byte_count;
  int64_t most = 0;
  for (const ArrayForm& form : forms) most = std::max(most, form.columns);
  is_possible = is_possible && most <= kMostColumns;
  if (!is_possible)
    throw UserError("`{}` must be a whole HDF5 file, but claims {} rows of {} numbers in {} bytes; {}", path.string(),
                    row_count, most, byte_count, kRemedy);
}

}  // namespace

Hdf5Objects::~Hdf5Objects() { close(); }

bool Hdf5Objects::close() {
  bool is_whole = true;
  for (const int64_t array : arrays)
    if (array >= 0) is_whole = H5Dclose(array) >= 0 && is_whole;
  arrays.clear();
  if (file >= 0) is_whole = H5Fclose(std::exchange(file, -1)) >= 0 && is_whole;
  return is_whole;
}

Hdf5TableWriter::Hdf5TableWriter(fs::path path, int64_t row_count, std::vector<ArrayForm> forms)
    : path_(std::move(path)),
      partial_path_(fs::path(path_) += ".partial"),
      row_count_(row_count),
      forms_(std::move(forms)),
      rows_per_chunk_(
          std::clamp<int64_t>(kChunkBytes / forms_.front().row_bytes(), 1, std::max<int64_t>(row_count, 1))) {
  silence();
  const Handle properties(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties, false);
  objects_.file = check_written(H5Fcreate(partial_path_.c_str(), H5F_ACC_TRUNC, properties, H5P_DEFAULT), path_);
  for (const ArrayForm& form : forms_)
    objects_.arrays.push_back(check_written(make_array(objects_.file, form, row_count, rows_per_chunk_), path_));
}

Hdf5TableWriter::~Hdf5TableWriter() {
  if (objects_.file < 0) return;
  objects_.close();
  std::error_code ignored;
  fs::remove(partial_path_, ignored);
}

int64_t Hdf5TableWriter::chunk_count() const { return (row_count_ + rows_per_chunk_ - 1) / rows_per_chunk_; }

Hdf5TableWriter::Chunk Hdf5TableWriter::compress(const ArrayBytes& rows) const {
  RETORT_CHECK(rows.size() == forms_.size(), "{} arrays are written where {} are one chunk", rows.size(),
               forms_.size());
  Chunk chunk;
  for (size_t i = 0; i < forms_.size(); ++i) {
    RETORT_CHECK(static_cast<int64_t>(rows[i].size()) == rows_per_chunk_ * forms_[i].row_bytes(),
                 "a chunk of {} bytes of `{}` is written where {} rows are one", rows[i].size(), forms_[i].name,
                 rows_per_chunk_);
    chunk.push_back(compress_bytes(rows[i]));
  }
  return chunk;
}

void Hdf5TableWriter::write(int64_t chunk, const Chunk& compressed) {
  const hsize_t offset[2] = {static_cast<hsize_t>(chunk * rows_per_chunk_), 0};
  for (size_t i = 0; i < forms_.size(); ++i)
    check_written(
        H5Dwrite_chunk(objects_.arrays[i], H5P_DEFAULT, 0, offset, compressed[i].size(), compressed[i].data()), path_);
}

void Hdf5TableWriter::publish(const std::string& settings) {
  write_settings(objects_.file, settings);
  check_written(objects_.close() ? 0 : -1, path_);
  sync_path(partial_path_);
  fs::rename(partial_path_, path_);
  sync_path(path_.parent_path().empty() ? "." : path_.parent_path());
}

Hdf5Table::Hdf5Table(fs::path path) : path_(std::move(path)) {
  silence();
  if (!fs::is_regular_file(path_))
    throw UserError("`{}` must be an HDF5 file, but {}; check the path", path_.string(),
                    fs::exists(path_) ? "is a folder or device" : "is not there");
  if (H5Fis_hdf5(path_.c_str()) <= 0)
    throw UserError("`{}` must be an HDF5 file, but is not; {}", path_.string(), kRemedy);
  objects_.file = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (objects_.file < 0) throw UserError("`{}` must be a whole HDF5 file, but is damaged; {}", path_.string(), kRemedy);
  settings_ = read_settings(objects_.file);
}

bool Hdf5Table::has(const char* name) const { return H5Lexists(objects_.file, name, H5P_DEFAULT) > 0; }

std::vector<int64_t> Hdf5Table::shape_of(const char* name, size_t rank) const {
  const Handle array(open_array(objects_.file, name, path_), H5Dclose);
  std::vector<int64_t> shape = dimensions_of(array);
  if (shape.size() != rank)
    throw UserError("`{}` array `{}` must have {} dimension{}, but has {}; {}", path_.string(), name, rank,
                    rank == 1 ? "" : "s", written(shape), kRemedy);
  return shape;
}

void Hdf5Table::choose(std::vector<ArrayForm> forms, int64_t row_count) {
  check_size(forms, row_count, path_);
  forms_ = std::move(forms), row_count_ = row_count;
  for (const ArrayForm& form : forms_) {
    objects_.arrays.push_back(open_array(objects_.file, form.name, path_));
    const std::vector<hsize_t> extent = dimensions_of(form, row_count);
    const std::vector<int64_t> wanted(extent.begin(), extent.end()), is = dimensions_of(objects_.arrays.back());
    if (is != wanted)
      throw UserError("`{}` array `{}` must have the shape {}, but has {}; {}", path_.string(), form.name,
                      written(wanted), written(is), kRemedy);
    check_storage(objects_.arrays.back(), form, path_);
  }
}

void Hdf5Table::read(int64_t begin, int64_t count, const ArrayBytes& rows) const {
  RETORT_CHECK(begin >= 0 && count >= 0 && begin + count <= row_count_, "rows {}..{} of {} are read", begin,
               begin + count, row_count_);
  if (count == 0) return;
  for (size_t i = 0; i < forms_.size(); ++i) {
    RETORT_CHECK(static_cast<int64_t>(rows[i].size()) == count * forms_[i].row_bytes(), "{} bytes for {} rows of `{}`",
                 rows[i].size(), count, forms_[i].name);
    const std::vector<hsize_t> extent = dimensions_of(forms_[i], count);
    const hsize_t start[2] = {static_cast<hsize_t>(begin), 0};
    const Handle in_file(H5Dget_space(objects_.arrays[i]), H5Sclose);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, nullptr, extent.data(), nullptr);
    const Handle in_memory(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose);
    if (H5Dread(objects_.arrays[i], forms_[i].is_wide ? H5T_NATIVE_INT32 : H5T_NATIVE_INT8, in_memory, in_file,
                H5P_DEFAULT, rows[i].data()) < 0)
      throw UserError("`{}` array `{}` must be readable at rows {} to {}, but is damaged; {}", path_.string(),
                      forms_[i].name, begin, begin + count, kRemedy);
  }
}

}  // namespace retort::corpus
