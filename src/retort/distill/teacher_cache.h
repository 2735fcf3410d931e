// Outputs of a teacher for the rows of a data set, computed once: with them an epoch of distillation costs what plain
// training costs. The cache is a folder of its own, named by everything its content depends on:
//   values      [tokens or rows, width] of all rows, one after the other, in the rows' order; mapped
//   checksums   of every row, written after its values: an interrupted making goes on behind the last of them
//   cache.json  what it is, written last: a cache without it is not whole
// Values are bfloat16 where training is in bf16 (what the teacher's products give, so nothing is lost), else float32.
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
  int64_t width = 1;        // numbers of a token or of a row
  bool per_token = true;
  kernel::Precision precision = kernel::Precision::kFloat32;
  // The teacher's outputs for a batch: [T, width] or [B, width]. Asked as long as the cache lives.
  std::function<at::Tensor(const data::Batch&)> compute = {};
};

// What the outputs depend on: the teacher's weights, and every token of every row.
std::string teacher_cache_key(const model::Model& teacher, const data::RowSet& rows, const TeacherOutputs& outputs);

// What the values take on disk.
int64_t teacher_cache_bytes(const data::RowSet& rows, const TeacherOutputs& outputs);

// Safe to read from several threads.
class TeacherCache {
 public:
  // Opens `<cache_dir>/<kind>-<key>`, making it or what it lacks first, with a progress line and the size shown before;
  // where another process is making it, it waits for that. `rows` must be those of the key. Throws UserError when the
  // disk has no room, for a teacher whose outputs are not finite, and when the folder holds something else.
  TeacherCache(const fs::path& cache_dir, const std::string& key, const data::RowSet& rows,
               const TeacherOutputs& outputs, int64_t max_tokens_per_batch);

  // Makes nothing, and throws what the constructor would throw before it begins.
  static void check(const fs::path& cache_dir, const std::string& key, const data::RowSet& rows,
                    const TeacherOutputs& outputs);

  // True when the cache was made; it may have been cut off since.
  static bool exists(const fs::path& cache_dir, const std::string& key, const TeacherOutputs& outputs);

  // The outputs of a batch of rows of the data set, as `compute` gives them, in the type they are kept in. Where the
  // values on disk are damaged they are computed, and the next run makes them again.
  at::Tensor gather(const data::Batch& batch) const;

 private:
  TeacherCache(const fs::path& cache_dir, const std::string& key, const data::RowSet& rows,
               const TeacherOutputs& outputs);
  void check_room(int64_t first_row) const;  // for the values from this row on
  void make(const data::RowSet& rows, const TeacherOutputs& outputs, int64_t max_tokens_per_batch);
  Json description() const;
  bool open();  // false: it is not there, or not whole
  void note_damage(int64_t row) const;
  int64_t row_count() const { return static_cast<int64_t>(begins_.size()) - 1; }
  int64_t sound_rows() const;
  std::span<const std::byte> bytes_of_row(const MappedFile& values, int64_t row) const;
  bool is_sound(const MappedFile& values, const MappedFile& checksums, int64_t row) const;

  fs::path folder_;
  std::string kind_, key_;
  int64_t width_, element_bytes_;
  std::function<at::Tensor(const data::Batch&)> compute_;
  std::vector<int64_t> begins_;  // [rows + 1] first line of each row
  MappedFile values_, checksums_;
  mutable std::once_flag damage_noted_;
};

}  // namespace retort::distill
