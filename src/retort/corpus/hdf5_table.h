// Tables in HDF5 files: named arrays of the same number of rows, of int32 or int8, in chunks of rows that are
// compressed as HDF5's filter `gzip` has it. Chunks are compressed by several threads outside of the HDF5 library, by
// libdeflate, whose streams zlib reads; the bytes of a file are a function of its content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "retort/base/file.h"

namespace retort::corpus {

struct ArrayForm {
  const char* name;
  int64_t columns;  // 0: one number a row, in one dimension
  bool is_wide;     // int32, else int8

  int64_t row_bytes() const { return (columns == 0 ? 1 : columns) * (is_wide ? 4 : 1); }
};

// The rows of each array, one behind the other, in the order of the forms.
using ArrayBytes = std::vector<std::span<std::byte>>;

// An open file and its arrays, as numbers of the HDF5 library (hid_t); -1: none.
struct Hdf5Objects {
  int64_t file = -1;
  std::vector<int64_t> arrays;

  Hdf5Objects() = default;
  ~Hdf5Objects();
  Hdf5Objects(const Hdf5Objects&) = delete;
  Hdf5Objects& operator=(const Hdf5Objects&) = delete;
  // False when the library could not write everything.
  bool close();
};

class Hdf5TableWriter {
 public:
  // Compressed rows of one chunk: each array's.
  using Chunk = std::vector<std::vector<std::byte>>;

  // The file appears under `path` with `publish`; until then it is `<path>.partial`. A chunk has as many rows as half a
  // megabyte holds of the first array. Throws UserError when it cannot be written.
  Hdf5TableWriter(fs::path path, int64_t row_count, std::vector<ArrayForm> forms);
  ~Hdf5TableWriter();
  Hdf5TableWriter(const Hdf5TableWriter&) = delete;
  Hdf5TableWriter& operator=(const Hdf5TableWriter&) = delete;

  int64_t rows_per_chunk() const { return rows_per_chunk_; }
  int64_t chunk_count() const;
  // Compresses rows_per_chunk() rows, of the last chunk those there are and zeros. Thread-safe.
  Chunk compress(const ArrayBytes& rows) const;
  // Not thread-safe.
  void write(int64_t chunk, const Chunk& compressed);
  // `settings` is kept as the attribute `retort_settings`: what the file was made with.
  void publish(const std::string& settings);

 private:
  fs::path path_, partial_path_;
  int64_t row_count_;
  std::vector<ArrayForm> forms_;
  int64_t rows_per_chunk_;
  Hdf5Objects objects_;
};

class Hdf5Table {
 public:
  // Opens a file with arrays of integers. Throws UserError when it is no HDF5 file.
  explicit Hdf5Table(fs::path path);

  const fs::path& path() const { return path_; }
  // The attribute of Hdf5TableWriter; empty when there is none.
  const std::string& settings() const { return settings_; }
  bool has(const char* name) const;
  // The shape of an array. Throws UserError when it is missing, holds no integers, or has not `rank` dimensions.
  std::vector<int64_t> shape_of(const char* name, size_t rank) const;
  // Says what `read` reads. Throws UserError when an array is missing, holds no integers, or has another shape.
  void choose(std::vector<ArrayForm> forms, int64_t row_count);
  // Rows begin..begin+count of all arrays, converted to the types of the forms. Throws UserError when the file is
  // damaged there. The HDF5 library serializes calls.
  void read(int64_t begin, int64_t count, const ArrayBytes& rows) const;

 private:
  fs::path path_;
  std::string settings_;
  std::vector<ArrayForm> forms_;
  int64_t row_count_ = 0;
  Hdf5Objects objects_;
};

}  // namespace retort::corpus
