// The rows of a data set in blocks of about equal work, in which a teacher's outputs are computed, written and sent to
// other processes. Blocks and batches depend on no process and no interruption, and so neither do the outputs' bits.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "retort/data/batch.h"

namespace retort::distill {

class TeacherBlocks {
 public:
  using Compute = std::function<at::Tensor(const data::Batch&)>;

  // `lines_before` [rows + 1]: the lines of all rows before each. `compute` returns the lines of a batch [lines,
  // width]. All must outlive this object.
  TeacherBlocks(const data::RowSet& rows, const std::vector<int64_t>& lines_before, const Compute& compute,
                int64_t max_tokens_per_batch);

  int64_t count() const { return static_cast<int64_t>(begins_.size()) - 1; }
  int64_t first_row(int64_t block) const { return begins_[static_cast<size_t>(block)]; }
  int64_t end_row(int64_t block) const { return begins_[static_cast<size_t>(block + 1)]; }
  // The block that contains the row; count() for the row after the last.
  int64_t block_of(int64_t row) const;
  int64_t line_count(int64_t block) const;
  // Returns the lines of a block [lines, width] in this type.
  at::Tensor values(int64_t block, int64_t width, at::ScalarType type) const;

 private:
  const data::RowSet& rows_;
  const std::vector<int64_t>& lines_before_;
  const Compute& compute_;
  int64_t max_tokens_per_batch_;
  std::vector<int64_t> begins_{0};  // [blocks + 1] first row
};

}  // namespace retort::distill
