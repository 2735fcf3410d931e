#include "retort/distill/teacher_blocks.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "retort/data/source.h"

namespace retort::distill {

namespace {

constexpr int64_t kMaxRowsPerBlock = 512;
// Few enough that even small data sets give each process some blocks, so many that a last batch that is not full costs
// little.
constexpr int64_t kBatchesPerBlock = 8;

}  // namespace

TeacherBlocks::TeacherBlocks(const data::RowSet& rows, const std::vector<int64_t>& lines_before, const Compute& compute,
                             int64_t max_tokens_per_batch)
    : rows_(rows), lines_before_(lines_before), compute_(compute), max_tokens_per_batch_(max_tokens_per_batch) {
  int64_t tokens = 0;
  for (int64_t row = 0; row < rows.row_count(); ++row) {
    tokens += rows.token_count(row);
    const bool is_full =
        tokens >= kBatchesPerBlock * max_tokens_per_batch || row + 1 - begins_.back() == kMaxRowsPerBlock;
    if (is_full || row + 1 == rows.row_count()) begins_.push_back(row + 1), tokens = 0;
  }
}

int64_t TeacherBlocks::block_of(int64_t row) const {
  return std::upper_bound(begins_.begin(), begins_.end(), row) - begins_.begin() - 1;
}

int64_t TeacherBlocks::line_count(int64_t block) const {
  return lines_before_[static_cast<size_t>(end_row(block))] - lines_before_[static_cast<size_t>(first_row(block))];
}

at::Tensor TeacherBlocks::values(int64_t block, int64_t width, at::ScalarType type) const {
  const int64_t begin = first_row(block);
  const int64_t* const lines = lines_before_.data() + begin;
  at::Tensor all = at::empty({line_count(block), width}, at::TensorOptions(type));
  const data::RowRange range(rows_, begin, end_row(block) - begin);
  const data::EvaluationBatches batches(range, {.max_tokens_per_batch = max_tokens_per_batch_});
  for (int64_t i = 0; i < batches.batch_count(); ++i) {
    const data::Batch batch = batches.batch(i);
    const at::Tensor found = compute_(batch).cpu();
    int64_t line = 0;
    for (const int64_t row : batch.rows) {
      const at::Tensor lines_of_row =
          all.narrow(0, lines_before_[row] - lines[0], lines_before_[row + 1] - lines_before_[row]);
      lines_of_row.copy_(found.narrow(0, line, lines_of_row.size(0)));
      line += lines_of_row.size(0);
    }
  }
  return all;
}

}  // namespace retort::distill
