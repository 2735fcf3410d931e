#include "retort/distill/teacher_cache.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "retort/base/error.h"
#include "retort/base/folder_lock.h"
#include "retort/base/hash.h"
#include "retort/base/log.h"
#include "retort/base/system.h"
#include "retort/data/source.h"
#include "retort/train/progress.h"
#include "retort/train/stop_signal.h"

namespace retort::distill {

namespace {

constexpr const char *kValues = "values", *kChecksums = "checksums", *kDescription = kTeacherCacheFile;
constexpr int64_t kRowsAtOnce = 512;  // between two progress updates; sorted by length

int64_t bytes_of_element(const TeacherOutputs& outputs) {
  return outputs.precision == kernel::Precision::kBf16 ? 2 : 4;
}

at::ScalarType value_type(int64_t element_bytes) { return element_bytes == 2 ? at::kBFloat16 : at::kFloat; }

fs::path folder_of(const fs::path& cache_dir, const std::string& key, const TeacherOutputs& outputs) {
  return cache_dir / fmt::format("{}-{}", outputs.kind, key);
}

// A file to append to after its first `kept_bytes`.
class GrowingFile {
 public:
  GrowingFile(const fs::path& path, int64_t kept_bytes) : path_(path) {
    if (fs::is_symlink(path)) fs::remove(path);  // a link may lead to another file
    if (fs::exists(path)) fs::resize_file(path, static_cast<uintmax_t>(kept_bytes));
    out_.open(path, std::ios::binary | std::ios::app);
    check();
  }
  void append(std::span<const std::byte> bytes) {
    out_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    out_.flush();
    check();
  }

 private:
  void check() const {
    if (!out_) throw UserError("`{}` must be writable, but is not; check free space and permissions", path_.string());
  }
  fs::path path_;
  std::ofstream out_;
};

// Empty when the file is not a valid description.
std::optional<Json> maybe_description(const fs::path& path) {
  try {
    const Json json = read_json_file(path);
    if (json.is_object() && json.contains("key") && json["key"].is_string()) return json;
  } catch (const UserError&) {  // truncated
  }
  return std::nullopt;
}

// Returns whether no exponent is all ones, as those of infinities and NaN. In both types the exponent is in the upper
// bits.
template <typename Bits>
bool are_finite(std::span<const std::byte> bytes, Bits exponent) {
  bool finite = true;
  for (size_t at = 0; at + sizeof(Bits) <= bytes.size(); at += sizeof(Bits)) {
    Bits bits = 0;
    std::memcpy(&bits, bytes.data() + at, sizeof(Bits));
    finite &= (bits & exponent) != exponent;
  }
  return finite;
}

bool are_finite(std::span<const std::byte> values, int64_t element_bytes) {
  return element_bytes == 2 ? are_finite<uint16_t>(values, 0x7F80) : are_finite<uint32_t>(values, 0x7F800000U);
}

std::span<const std::byte> bytes_of(const at::Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()};
}

}  // namespace

std::string teacher_cache_key(const model::Model& teacher, const data::RowSet& rows, const TeacherOutputs& outputs) {
  ContentHash hash;
  hash.add(outputs.kind).add(outputs.detail).add_number(outputs.width).add_number(outputs.per_token);
  hash.add_number(static_cast<int64_t>(outputs.precision));
  model::ModelConfig shape = teacher.config();  // only the shape: other fields of config.json do not change outputs
  shape.original = Json::object(), shape.problem_type.clear();
  hash.add(model::config_to_json(shape, "").dump());
  const auto weights = bytes_of(teacher.parameters().values());
  hash.add({reinterpret_cast<const char*>(weights.data()), weights.size()});
  for (int64_t row = 0; row < rows.row_count(); ++row) {
    data::Batch batch;
    rows.append(row, batch);
    for (const auto* column : {&batch.tokens.ids, &batch.tokens.segments})
      hash.add({reinterpret_cast<const char*>(column->data()), column->size() * sizeof(int32_t)});
  }
  return hash.hex();
}

int64_t teacher_cache_bytes(const data::RowSet& rows, const TeacherOutputs& outputs) {
  int64_t lines = 0;
  for (int64_t row = 0; row < rows.row_count(); ++row) lines += outputs.per_token ? rows.token_count(row) : 1;
  return lines * outputs.width * bytes_of_element(outputs);
}

bool TeacherCache::exists(const fs::path& cache_dir, const std::string& key, const TeacherOutputs& outputs) {
  return fs::exists(folder_of(cache_dir, key, outputs) / kDescription);
}

TeacherCache::TeacherCache(const fs::path& cache_dir, const std::string& key, const data::RowSet& rows,
                           const TeacherOutputs& outputs)
    : folder_(folder_of(cache_dir, key, outputs)),
      kind_(outputs.kind),
      key_(key),
      width_(outputs.width),
      element_bytes_(bytes_of_element(outputs)),
      compute_(outputs.compute),
      begins_{0} {
  for (int64_t row = 0; row < rows.row_count(); ++row)
    begins_.push_back(begins_.back() + (outputs.per_token ? rows.token_count(row) : 1));
}

void TeacherCache::check(const fs::path& cache_dir, const std::string& key, const data::RowSet& rows,
                         const TeacherOutputs& outputs) {
  TeacherCache cache(cache_dir, key, rows, outputs);
  if (cache.open()) return;
  const FolderLock lock(cache.folder_, FolderLock::WhenBusy::kWait);
  if (!cache.open()) cache.check_room(cache.valid_rows());
}

TeacherCache::TeacherCache(const fs::path& cache_dir, const std::string& key, const data::RowSet& rows,
                           const TeacherOutputs& outputs, int64_t max_tokens_per_batch)
    : TeacherCache(cache_dir, key, rows, outputs) {
  if (open()) return;
  const FolderLock lock(folder_, FolderLock::WhenBusy::kWait);
  if (open()) return;  // another process has completed it
  if (exists(cache_dir, key, outputs)) {
    log_warning("`{}` is incomplete; the missing outputs are computed again", folder_.string());
    fs::remove(folder_ / kDescription);
  }
  make(rows, outputs, max_tokens_per_batch);
  RETORT_CHECK(open(), "`{}` was just made", folder_.string());
}

// Returns the number of leading rows of an interrupted computation whose checksums are correct.
int64_t TeacherCache::valid_rows() const {
  if (!fs::exists(folder_ / kValues) || !fs::exists(folder_ / kChecksums)) return 0;
  const MappedFile values(folder_ / kValues), checksums(folder_ / kChecksums);
  int64_t row = 0;
  while (row < row_count() && static_cast<size_t>(8 * (row + 1)) <= checksums.bytes().size() &&
         static_cast<size_t>(begins_[row + 1] * width_ * element_bytes_) <= values.bytes().size() &&
         is_valid(values, checksums, row))
    ++row;
  return row;
}

std::span<const std::byte> TeacherCache::bytes_of_row(const MappedFile& values, int64_t row) const {
  return values.bytes().subspan(begins_[row] * width_ * element_bytes_,
                                (begins_[row + 1] - begins_[row]) * width_ * element_bytes_);
}

bool TeacherCache::is_valid(const MappedFile& values, const MappedFile& checksums, int64_t row) const {
  uint64_t checksum = 0;
  std::memcpy(&checksum, checksums.bytes().data() + 8 * row, 8);
  const std::span<const std::byte> bytes = bytes_of_row(values, row);
  return hash_bytes(bytes) == checksum && are_finite(bytes, element_bytes_);
}

void TeacherCache::check_room(int64_t first_row) const {
  const std::optional<int64_t> available = maybe_free_bytes(folder_);
  const int64_t wanted = (begins_.back() - begins_[first_row]) * width_ * element_bytes_;
  if (available && *available < wanted)
    throw UserError(
        "`{}` must have {} MB free for teacher outputs, but has {}; choose another --teacher_cache, or `off`",
        folder_.string(), wanted >> 20, *available >> 20);
}

void TeacherCache::make(const data::RowSet& rows, const TeacherOutputs& outputs, int64_t max_tokens_per_batch) {
  const int64_t first = valid_rows();
  const int64_t bytes = begins_.back() * width_ * element_bytes_, done_bytes = begins_[first] * width_ * element_bytes_;
  log_info("the teacher's outputs take {:.1f} MB in `{}`{}", static_cast<double>(bytes) / 1e6, folder_.string(),
           first > 0 ? fmt::format("; continuing at row {} of {}", first, row_count()) : "");
  check_room(first);
  GrowingFile values(folder_ / kValues, done_bytes), checksums(folder_ / kChecksums, 8 * first);
  const train::StopSignal stop;
  train::Progress progress({.title = "teacher", .unit = "rows", .total = row_count(), .start = {.done = first}});
  for (int64_t begin = first; begin < row_count(); begin += kRowsAtOnce) {
    const int64_t end = std::min(begin + kRowsAtOnce, row_count());
    const at::Tensor block =
        at::empty({begins_[end] - begins_[begin], width_}, at::TensorOptions(value_type(element_bytes_)));
    const auto lines_of = [&](int64_t row) {
      return block.narrow(0, begins_[row] - begins_[begin], begins_[row + 1] - begins_[row]);
    };
    const data::RowRange chunk(rows, begin, end - begin);
    const data::EvaluationBatches batches(chunk, {.max_tokens_per_batch = max_tokens_per_batch});
    for (int64_t i = 0; i < batches.batch_count(); ++i) {
      const data::Batch batch = batches.batch(i);
      const at::Tensor found = outputs.compute(batch);
      int64_t line = 0;
      for (const int64_t row : batch.rows) {
        const at::Tensor lines = lines_of(row);
        lines.copy_(found.narrow(0, line, lines.size(0)));
        line += lines.size(0);
      }
    }
    std::vector<uint64_t> sums;
    for (int64_t row = begin; row < end; ++row) {
      if (!are_finite(bytes_of(lines_of(row)), element_bytes_))
        throw UserError(
            "the teacher's outputs for row {} must be finite numbers, but are not; choose another --teacher", row);
      sums.push_back(hash_bytes(bytes_of(lines_of(row))));
    }
    values.append(bytes_of(block));
    checksums.append(std::as_bytes(std::span(sums)));
    progress.update({.done = end});
    if (stop.requested() != 0) {
      progress.clear();
      stop.throw_if_requested(fmt::format("row {} of {}", end, row_count()), folder_.string());
    }
  }
  progress.finish();
  for (const char* name : {kValues, kChecksums}) sync_path(folder_ / name);
  write_json_file(folder_ / kDescription, description());
  stop.throw_if_requested(fmt::format("row {} of {}", row_count(), row_count()), folder_.string());
}

Json TeacherCache::description() const {
  return {{"format", kTeacherCacheFormat},
          {"kind", kind_},
          {"key", key_},
          {"rows", row_count()},
          {"lines", begins_.back()},
          {"width", width_},
          {"dtype", element_bytes_ == 2 ? "bfloat16" : "float32"}};
}

bool TeacherCache::open() {
  if (!fs::exists(folder_ / kDescription)) return false;
  const std::optional<Json> found = maybe_description(folder_ / kDescription);
  if (!found) return false;
  if ((*found)["key"] != key_)
    throw UserError(
        "`{}` must hold the teacher's outputs for this data set, but holds others; remove the folder, or choose "
        "another --teacher_cache",
        folder_.string());
  if (*found != description()) return false;
  if (!fs::exists(folder_ / kValues) || !fs::exists(folder_ / kChecksums)) return false;
  values_ = MappedFile(folder_ / kValues), checksums_ = MappedFile(folder_ / kChecksums);
  return values_.bytes().size() == static_cast<size_t>(begins_.back() * width_ * element_bytes_) &&
         checksums_.bytes().size() == static_cast<size_t>(8 * row_count());
}

void TeacherCache::report_damage(int64_t row) const {
  std::call_once(damage_reported_, [&] {
    log_warning(
        "`{}`: the values of row {} are damaged; the teacher computes them now, and the next run repairs the cache",
        (folder_ / kValues).string(), row);
    std::error_code ignored;  // a folder that is not writable stays unchanged
    fs::remove(folder_ / kDescription, ignored);
  });
}

at::Tensor TeacherCache::gather(const data::Batch& batch) const {
  int64_t lines = 0;
  for (const int64_t row : batch.rows) lines += begins_[row + 1] - begins_[row];
  at::Tensor found = at::empty({lines, width_}, at::TensorOptions(value_type(element_bytes_)));
  auto* out = static_cast<std::byte*>(found.mutable_data_ptr());
  for (const int64_t row : batch.rows) {
    if (!is_valid(values_, checksums_, row)) {
      report_damage(row);
      return compute_(batch).to(value_type(element_bytes_));
    }
    const auto bytes = bytes_of_row(values_, row);
    std::memcpy(out, bytes.data(), bytes.size());
    out += bytes.size();
  }
  return found;
}

}  // namespace retort::distill
