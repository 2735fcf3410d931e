// Packed instances in HDF5 files as the published pack_pretraining_data_pytorch.py writes them: several instances in
// one row of S tokens, in nine arrays of N rows, gzip-compressed (K = most instances of a row, P = most predictions of
// an instance):
//   input_ids N x S int32; input_mask N x S int32, 1, 2, ...: the instance of each token, 0 behind the last;
//   segment_ids N x S int8; positions N x S int32, from 0 in each instance;
//   masked_lm_positions, masked_lm_ids N x (P + K) int32: places in the row, those of all instances one behind the
//   other; next_sentence_positions N x K int32: where each instance begins; next_sentence_labels N x K int8;
//   next_sentence_weights N x K int32, 1 for each instance that there is
// Attention stays within an instance. Unused places hold 0.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "retort/corpus/hdf5_table.h"
#include "retort/corpus/instances.h"

namespace retort::corpus {

struct PackedShape {
  int64_t row_count = 0, sequence_length = 0;
  int64_t prediction_count = 0;  // P + K
  int64_t sequences_per_row = 0;
};

// Rows of a file, one behind the other.
struct PackedRows {
  int64_t row_count = 0;
  std::vector<int32_t> input_ids, input_mask;                           // [rows * S]
  std::vector<int8_t> segment_ids;                                      // [rows * S]
  std::vector<int32_t> positions;                                       // [rows * S]
  std::vector<int32_t> masked_positions, masked_ids;                    // [rows * (P + K)]
  std::vector<int32_t> next_sentence_positions, next_sentence_weights;  // [rows * K]
  std::vector<int8_t> next_sentence_labels;                             // [rows * K]

  // All zeros.
  void resize(int64_t rows, const PackedShape& shape);
  // Puts an instance behind those of a row; `used` are the row's before it, and after it. It must fit.
  struct Used {
    int64_t sequences = 0, tokens = 0, predictions = 0;
  };
  void append(int64_t row, const PackedShape& shape, const Instance& instance, Used& used);
  ArrayBytes arrays();
};

std::vector<ArrayForm> packed_arrays(const PackedShape& shape);

class PackedFileWriter : public Hdf5TableWriter {
 public:
  PackedFileWriter(fs::path path, const PackedShape& shape)
      : Hdf5TableWriter(std::move(path), shape.row_count, packed_arrays(shape)) {}
};

class PackedFile {
 public:
  // Whether a file of HDF5 is of this form, and not one with an instance a row.
  static bool is_one(const Hdf5Table& table) { return table.has("positions") || table.has("next_sentence_positions"); }

  // Throws UserError when it is no HDF5 file, an array is missing, or shapes disagree.
  explicit PackedFile(fs::path path);

  const PackedShape& shape() const { return shape_; }
  const std::string& settings() const { return table_.settings(); }
  // Rows begin..begin+count; see Hdf5Table.
  void read(int64_t begin, int64_t count, PackedRows& rows) const;

 private:
  Hdf5Table table_;
  PackedShape shape_;
};

}  // namespace retort::corpus
