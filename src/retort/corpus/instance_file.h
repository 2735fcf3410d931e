// Pre-training instances in HDF5 files as the published create_pretraining_data.py writes them: six arrays of N rows,
// gzip-compressed (S = sequence length, P = most predictions):
//   input_ids N x S int32, input_mask N x S int8, segment_ids N x S int8, masked_lm_positions N x P int32,
//   masked_lm_ids N x P int32, next_sentence_labels N int8 (1: random next)
// Unused places hold 0. Rows are compressed by several threads, and the file's bytes are a function of its content.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "retort/corpus/hdf5_table.h"
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
  ArrayBytes arrays();
};

// The arrays of a file, in the order of InstanceRows::arrays.
std::vector<ArrayForm> instance_arrays(const InstanceShape& shape);

class InstanceFileWriter : public Hdf5TableWriter {
 public:
  InstanceFileWriter(fs::path path, const InstanceShape& shape)
      : Hdf5TableWriter(std::move(path), shape.row_count, instance_arrays(shape)) {}
};

// A file of this or of the published program, or one with the same arrays of other integer types.
class InstanceFile {
 public:
  // Throws UserError when it is no HDF5 file, an array is missing, or shapes disagree.
  explicit InstanceFile(fs::path path);

  const InstanceShape& shape() const { return shape_; }
  const std::string& settings() const { return table_.settings(); }
  // Rows begin..begin+count; see Hdf5Table.
  void read(int64_t begin, int64_t count, InstanceRows& rows) const;

 private:
  Hdf5Table table_;
  InstanceShape shape_;
};

}  // namespace retort::corpus
