// Outputs of a teacher for all examples of a data set, computed once: an epoch of distillation then takes as long as an
// epoch of plain training. The cache is a folder named by a hash of everything that its content depends on:
//   values      [tokens or rows, width], in the order of the RowSet; memory-mapped
//   checksums   one per row, written after its values: an interrupted computation continues after the last of them
//   cache.json  the description, written last: a cache without it is incomplete
// Values are bfloat16 when training is in bf16 (the precision of the teacher's matmuls, so nothing is lost), else
// float32.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/data/batch.h"
#include "retort/kernel/precision.h"
#include "retort/model/model.h"

namespace retort::distill {

inline constexpr const char *kTeacherCacheFile = "cache.json", *kTeacherCacheFormat = "retort teacher outputs";

struct TeacherOutputs {
  std::string kind;         // "token-logits": part of the key and of the folder's name
  std::string detail = {};  // which outputs of this kind: part of the key
  int64_t width = 1;        // values per token or per row
  bool per_token = true;
  kernel::Precision precision = kernel::Precision::kFloat32;
  // Computes the teacher's outputs for a batch: [T, width] or [B, width]. Must work for the lifetime of the cache.
  std::function<at::Tensor(const data::Batch&)> compute = {};
};

// Returns a hash of the teacher's weights and of all tokens of all rows.
std::string teacher_cache_key(const model::Model& teacher, const data::RowSet& rows, const TeacherOutputs& outputs);

// Returns the size of the values on disk.
int64_t teacher_cache_bytes(const data::RowSet& rows, const TeacherOutputs& outputs);

class TeacherBlocks;

// Thread-safe to read.
class TeacherCache {
 public:
  // Opens `<cache_dir>/<kind>-<key>` after computing what is missing, with its size in the log and a progress line. The
  // ranks of a run compute it together, and one of each file system writes it; another run waits for it. `rows` must be
  // those of the key. Throws UserError when the disk is too full, the teacher's outputs are not finite, or the folder
  // holds something else.
  TeacherCache(const fs::path& cache_dir, const std::string& key, const data::RowSet& rows,
               const TeacherOutputs& outputs, int64_t max_tokens_per_batch);

  // Throws what the constructor would throw before it computes; writes nothing.
  static void check(const fs::path& cache_dir, const std::string& key, const data::RowSet& rows,
                    const TeacherOutputs& outputs);

  // True when the cache was completed; its files may be truncated since.
  static bool exists(const fs::path& cache_dir, const std::string& key, const TeacherOutputs& outputs);

  // Returns the outputs for a batch of the data set, as `compute` does, in the stored type. Computes damaged values
  // again; the next run rewrites them.
  at::Tensor gather(const data::Batch& batch) const;

 private:
  TeacherCache(const fs::path& cache_dir, const std::string& key, const data::RowSet& rows,
               const TeacherOutputs& outputs);
  void check_room(int64_t first_row) const;  // for the values from this row on
  void fill(const data::RowSet& rows, const TeacherOutputs& outputs, int64_t max_tokens_per_batch);
  void make(const TeacherBlocks& blocks, int64_t first, bool is_writer);
  bool start_writing(const fs::path& description_file);  // false: it is complete
  void log_start(int64_t first_row) const;
  std::vector<uint64_t> checksums_of(const TeacherBlocks& blocks, int64_t block, const at::Tensor& values) const;
  Json description() const;
  bool open();  // false: missing or incomplete
  void report_damage(int64_t row) const;
  int64_t row_count() const { return static_cast<int64_t>(begins_.size()) - 1; }
  int64_t valid_rows() const;
  std::span<const std::byte> bytes_of_row(const MappedFile& values, int64_t row) const;
  bool is_valid(const MappedFile& values, const MappedFile& checksums, int64_t row) const;

  fs::path folder_;
  std::string kind_, key_;
  int64_t width_, element_bytes_;
  std::function<at::Tensor(const data::Batch&)> compute_;
  std::vector<int64_t> begins_;  // [rows + 1] first line of `values` of each row
  MappedFile values_, checksums_;
  mutable std::once_flag damage_reported_;
};

}  // namespace retort::distill
