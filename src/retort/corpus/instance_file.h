// Pre-training instances in HDF5 files as the published create_pretraining_data.py writes them: six arrays of N rows,
// gzip-compressed (S = sequence length, P = most predictions):
//   input_ids N x S int32, input_mask N x S int8, segment_ids N x S int8, masked_lm_positions N x P int32,
//   masked_lm_ids N x P int32, next_sentence_labels N int8 (1: random next)
// Unused places hold 0. Rows are compressed by several threads, outside of the HDF5 library, and the file's bytes are a
// function of its content.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/corpus/instances.h"

namespace retort::corpus {

struct InstanceShape {
  int64_t row_count = 0, sequence_length = 0, prediction_count = 0;
};

// Rows of a file, one behind the other.
struct InstanceRows {
  int64_t row_count = 0;
  std::vector<int32_t> input_ids;                     // [rows * S]
  std::vector<int8_t> input_mask, segment_ids;        // [rows * S]
  std::vector<int32_t> masked_positions, masked_ids;  // [rows * P]
  std::vector<int8_t> next_sentence_labels;           // [rows]

  // All zeros.
  void resize(int64_t rows, const InstanceShape& shape);
  // Puts an instance into a row; it must fit.
  void set(int64_t row, const InstanceShape& shape, const Instance& instance);
};

// An open file and its arrays, as numbers of the HDF5 library (hid_t); -1: none.
struct Hdf5Objects {
  int64_t file = -1;
  std::array<int64_t, 6> arrays{-1, -1, -1, -1, -1, -1};

  Hdf5Objects() = default;
  ~Hdf5Objects();
  Hdf5Objects(const Hdf5Objects&) = delete;
  Hdf5Objects& operator=(const Hdf5Objects&) = delete;
  // False when the library could not write everything.
  bool close();
};

class InstanceFileWriter {
 public:
  // Compressed rows of one chunk.
  using Chunk = std::array<std::vector<unsigned char>, 6>;

  // The file appears under `path` with `publish`; until then it is `<path>.partial`. Throws UserError when it cannot be
  // written.
  InstanceFileWriter(fs::path path, const InstanceShape& shape);
  ~InstanceFileWriter();
  InstanceFileWriter(const InstanceFileWriter&) = delete;
  InstanceFileWriter& operator=(const InstanceFileWriter&) = delete;

  int64_t rows_per_chunk() const { return rows_per_chunk_; }
  int64_t chunk_count() const;
  // Compresses rows_per_chunk() rows, of the last chunk those there are and zeros. Thread-safe.
  Chunk compress(const InstanceRows& rows) const;
  // Not thread-safe.
  void write(int64_t chunk, const Chunk& compressed);
  // `settings` is kept as an attribute: what the file was made with.
  void publish(const std::string& settings);

 private:
  fs::path path_, partial_path_;
  InstanceShape shape_;
  int64_t rows_per_chunk_;
  Hdf5Objects objects_;
};

// A file of this or of the published program, or one with the same arrays of other integer types.
class InstanceFile {
 public:
  // Throws UserError when it is no HDF5 file, an array is missing, or shapes disagree.
  explicit InstanceFile(fs::path path);

  const InstanceShape& shape() const { return shape_; }
  // The attribute of InstanceFileWriter; empty when there is none.
  const std::string& settings() const { return settings_; }
  // Rows begin..begin+count. Throws UserError when the file is damaged there. The HDF5 library serializes calls.
  void read(int64_t begin, int64_t count, InstanceRows& rows) const;

 private:
  fs::path path_;
  InstanceShape shape_;
  std::string settings_;
  Hdf5Objects objects_;
};

}  // namespace retort::corpus
