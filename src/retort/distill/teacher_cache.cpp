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
#include "retort/distill/teacher_blocks.h"
#include "retort/kernel/attention.h"
#include "retort/kernel/device.h"
#include "retort/train/common_stop.h"
#include "retort/train/folder_writer.h"
#include "retort/train/progress.h"

namespace retort::distill {

namespace {

constexpr const char *kValues = "values", *kChecksums = "checksums", *kDescription = kTeacherCacheFile;

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

// Appends rows to values and checksums.
class TeacherCacheWriter {
 public:
  TeacherCacheWriter(const fs::path& folder, int64_t kept_bytes, int64_t kept_rows)
      : folder_(folder), values_(folder / kValues, kept_bytes), checksums_(folder / kChecksums, 8 * kept_rows) {}
  void append(std::span<const std::byte> values, const std::vector<uint64_t>& checksums) {
    values_.append(values);
    checksums_.append(std::as_bytes(std::span(checksums)));
  }
  void sync() const {
    for (const char* name : {kValues, kChecksums}) sync_path(folder_ / name);
  }

 private:
  fs::path folder_;
  GrowingFile values_, checksums_;
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
  if (const auto own = kernel::attention_precision()) hash.add_number(static_cast<int64_t>(*own));
  model::ModelConfig shape = teacher.config();  // only the shape: other fields of config.json do not change outputs
  shape.original = Json::object(), shape.problem_type.clear();
  hash.add(model::config_to_json(shape, "").dump());
  const at::Tensor values = teacher.parameters().host_values();
  const auto weights = bytes_of(values);
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
  const train::ProcessGroup& group = train::process_group();
  if (group.all_reduce_max(open() ? 0 : 1) == 0) return;
  fill(rows, outputs, max_tokens_per_batch);
  RETORT_CHECK(open(), "`{}` was just made", folder_.string());
}

// The writers of several machines begin at the same row, the first that one of them lacks.
void TeacherCache::fill(const data::RowSet& rows, const TeacherOutputs& outputs, int64_t max_tokens_per_batch) {
  const train::ProcessGroup& group = train::process_group();
  const TeacherBlocks blocks(rows, begins_, outputs.compute, max_tokens_per_batch);
  std::optional<FolderLock> lock;
  if (train::is_folder_writer(group, folder_)) lock.emplace(folder_, FolderLock::WhenBusy::kWait);
  const bool is_writer = lock && start_writing(folder_ / kDescription);
  const int64_t have = is_writer ? blocks.block_of(valid_rows()) : blocks.count();
  make(blocks, -static_cast<int64_t>(group.all_reduce_max(static_cast<double>(-have))), is_writer);
  group.barrier();  // the others open what the writers have made
}

bool TeacherCache::start_writing(const fs::path& description_file) {
  if (open()) return false;  // another process has completed it
  if (fs::exists(description_file)) {
    log_warning("`{}` is incomplete; the missing outputs are computed again", folder_.string());
    fs::remove(description_file);
  }
  return true;
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

void TeacherCache::make(const TeacherBlocks& blocks, int64_t first, bool is_writer) {
  train::ProcessGroup& group = train::process_group();
  const int64_t first_row = first < blocks.count() ? blocks.first_row(first) : row_count();
  std::optional<TeacherCacheWriter> writer;
  if (is_writer) {
    log_start(first_row);
    check_room(first_row);
    writer.emplace(folder_, begins_[first_row] * width_ * element_bytes_, first_row);
  }
  train::StopSignal stop;
  train::Progress progress({.title = "teacher", .unit = "rows", .total = row_count(), .start = {.done = first_row}});
  for (int64_t begin = first; begin < blocks.count(); begin += group.world_size()) {
    const int64_t end = std::min(begin + group.world_size(), blocks.count()), own = begin + group.rank();
    at::Tensor own_values;
    if (own < end) own_values = blocks.values(own, width_, value_type(element_bytes_));
    for (int64_t block = begin; block < end; ++block) {
      at::Tensor values =
          block == own ? own_values
                       : at::empty({blocks.line_count(block), width_}, at::TensorOptions(value_type(element_bytes_)));
      group.broadcast(values.view(at::kByte), block - begin);
      const std::vector<uint64_t> sums = checksums_of(blocks, block, values);
      if (writer) writer->append(bytes_of(values), sums);
    }
    progress.update({.done = blocks.end_row(end - 1)});
    if (train::common_stop(group, stop) == 0) continue;
    progress.clear();
    stop.throw_if_requested(fmt::format("row {} of {}", blocks.end_row(end - 1), row_count()), folder_.string());
  }
  progress.finish();
  if (writer) writer->sync();
  if (writer) write_json_file(folder_ / kDescription, description());
  train::common_stop(group, stop);
  stop.throw_if_requested(fmt::format("row {} of {}", row_count(), row_count()), folder_.string());
}

void TeacherCache::log_start(int64_t first_row) const {
  const int64_t processes = train::process_group().world_size();
  log_info("the teacher's outputs take {:.1f} MB in `{}`{}{}",
           static_cast<double>(begins_.back() * width_ * element_bytes_) / 1e6, folder_.string(),
           processes > 1 ? fmt::format("; {} processes compute them", processes) : "",
           first_row > 0 ? fmt::format("; continuing at row {} of {}", first_row, row_count()) : "");
}

// Of each row of the block. All ranks check all values, so that all end with the same message.
std::vector<uint64_t> TeacherCache::checksums_of(const TeacherBlocks& blocks, int64_t block,
                                                 const at::Tensor& values) const {
  std::vector<uint64_t> sums;
  const std::span<const std::byte> all = bytes_of(values);
  const int64_t line_bytes = width_ * element_bytes_, first_line = begins_[blocks.first_row(block)];
  for (int64_t row = blocks.first_row(block); row < blocks.end_row(block); ++row) {
    const auto bytes =
        all.subspan((begins_[row] - first_line) * line_bytes, (begins_[row + 1] - begins_[row]) * line_bytes);
    if (!are_finite(bytes, element_bytes_))
      throw UserError("the teacher's outputs for row {} must be finite numbers, but are not; choose another --teacher",
                      row);
    sums.push_back(hash_bytes(bytes));
  }
  return sums;
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
  return found.to(kernel::device());
}

}  // namespace retort::distill
