// The files that a run writes into its folder; run_folder_start.cpp opens the folder.
#include "retort/checkpoint/run_folder.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/marked_folder.h"
#include "retort/base/system.h"
#include "retort/checkpoint/manifest.h"
#include "retort/checkpoint/publish_files.h"
#include "retort/checkpoint/run_folder_start.h"

namespace retort::checkpoint {
namespace {

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts = {};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text = {};
  return std::string(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
}

constexpr int64_t kUnknown = 0;

// Free bytes for this user on the folder's file system, at least 1; kUnknown when the system does not report them.
int64_t free_bytes(const fs::path& folder) {
  const std::optional<int64_t> available = maybe_free_bytes(folder);
  return available ? std::max<int64_t>(*available, 1) : kUnknown;
}

std::string bytes_text(int64_t byte_count) { return byte_count == kUnknown ? "unknown" : fmt::to_string(byte_count); }

// Runs `write`; adds the bytes needed and free to its exception.
template <typename Write>
void write_with_reason(const fs::path& target, int64_t bytes_expected, const Write& write) {
  std::string reason;
  try {
    return write();
  } catch (const UserError& failure) {
    reason = failure.what();
  } catch (const fs::filesystem_error& failure) {
    reason = failure.what();
  }
  throw UserError("{}; saving `{}` needs {} bytes, {} are free there", reason, target.string(),
                  bytes_text(bytes_expected), bytes_text(free_bytes(target.parent_path())));
}

// Moves the checkpoint into a marked folder first, so that a kill cannot leave half of it under its own name.
void remove_checkpoint(const fs::path& checkpoint) {
  try {
    const fs::path own = make_temporary_folder(checkpoint.parent_path());
    std::error_code failure;
    fs::rename(checkpoint, own / "condemned", failure);
    remove_marked_folder(own);
    if (failure) log_warning("`{}` cannot be deleted: {}", checkpoint.string(), failure.message());
  } catch (const UserError& failure) {
    log_warning("`{}` cannot be deleted: {}", checkpoint.string(), failure.what());
  }
}

}  // namespace

RunFolder::RunFolder(RunFolderOptions options) : options_(std::move(options)) {
  const fs::path normal = options_.output_dir.lexically_normal();
  options_.output_dir = normal.has_filename() ? normal : normal.parent_path();
  try {
    lock_ = lock_checked(options_);
    clean_leftovers(path());
    if (options_.start == RunStart::kOverwrite) set_previous_run_aside(path());
  } catch (const fs::filesystem_error& failure) {
    throw UserError("`{}` must be a folder that can be read and written, but is not: {}; choose another --output_dir",
                    path().string(), failure.code().message());
  }
}

RunFolder::~RunFolder() { release_space(); }

fs::path RunFolder::checkpoint_path(int64_t step) const {
  return path() / fmt::format("{}{}", kCheckpointPrefix, step);
}

std::optional<CheckpointFolder> RunFolder::newest_valid() {
  auto found = list_checkpoints(path());
  for (auto checkpoint = found.rbegin(); checkpoint != found.rend(); ++checkpoint) {
    const auto problem = verify_checkpoint_folder(checkpoint->path);
    if (!problem) return *checkpoint;
    log_warning("`{}` is skipped, because it is incomplete or damaged: {}", checkpoint->path.string(), *problem);
    damaged_steps_.insert(checkpoint->step);
  }
  return std::nullopt;
}

void RunFolder::check_free_space(const fs::path& target, int64_t bytes_expected) const {
  const int64_t available = free_bytes(path());
  if (available == kUnknown || available >= bytes_expected) return;
  throw UserError(
      "`{}` must have {} bytes free to save `{}`, but has {}; free some space, lower --save_total_limit or choose "
      "another --output_dir",
      path().string(), bytes_expected, target.filename().string(), available);
}

fs::path RunFolder::save(const SaveRequest& request) {
  const fs::path target = checkpoint_path(request.step);
  const auto found = list_checkpoints(path());
  const int64_t bytes_expected =
      request.bytes_expected > 0 || found.empty() ? request.bytes_expected : manifest_byte_count(found.back().path);
  check_free_space(target, bytes_expected);
  write_with_reason(target, bytes_expected, [&] { write_checkpoint_folder(target, request.fill); });
  damaged_steps_.erase(request.step);
  drop_previous_run();
  rotate(request.step);
  return target;
}

std::optional<fs::path> RunFolder::maybe_save(const SaveRequest& request) {
  try {
    return save(request);
  } catch (const UserError& failure) {
    log_warning("{}; training continues without this checkpoint", failure.what());
  } catch (const fs::filesystem_error& failure) {
    log_warning("{}; training continues without this checkpoint", failure.what());
  }
  return std::nullopt;
}

void RunFolder::rotate(int64_t newest_step) {
  if (options_.save_total_limit <= 0) return;
  auto found = list_checkpoints(path());
  std::erase_if(found, [](const auto& checkpoint) { return !is_own_checkpoint(checkpoint.path); });
  // Damaged checkpoints first; oldest first within both groups.
  std::ranges::stable_partition(found,
                                [&](const auto& checkpoint) { return damaged_steps_.contains(checkpoint.step); });
  int64_t surplus = std::ssize(found) - options_.save_total_limit;
  for (const CheckpointFolder& checkpoint : found) {
    if (surplus <= 0) return;
    if (checkpoint.step == newest_step || checkpoint.step == best_step_) continue;
    remove_checkpoint(checkpoint.path);
    damaged_steps_.erase(checkpoint.step);
    --surplus;
  }
}

void RunFolder::drop_previous_run() {
  try {
    remove_previous_run(path());
  } catch (const fs::filesystem_error& failure) {
    log_warning("`{}` cannot be removed: {}", (path() / kPreviousRun).string(), failure.code().message());
  }
}

void RunFolder::reserve_space(int64_t byte_count) {
  check_free_space(path(), byte_count);
  release_space();
  reserved_ = make_temporary_folder(path());
  allocate_file(reserved_ / "room", byte_count);
}

void RunFolder::release_space() {
  if (!reserved_.empty()) remove_marked_folder(std::exchange(reserved_, {}));
}

void RunFolder::publish_files(const std::function<void(const fs::path&)>& fill, int64_t bytes_expected) {
  release_space();
  check_free_space(path(), bytes_expected);
  write_with_reason(path() / "config.json", bytes_expected, [&] { publish_files_atomically(path(), fill); });
  drop_previous_run();
}

void RunFolder::write_config(const Json& settings) { write_json_file(path() / kRunConfigFile, settings); }

void RunFolder::write_results(const Json& results) { write_json_file(path() / kResultsFile, results); }

namespace {

Json read_object(const fs::path& file, const char* what) {
  const Json content = read_json_file(file);
  if (!content.is_object())
    throw UserError("`{}` must hold {}, a JSON object, but holds {}; move the file away or name another --output_dir",
                    file.string(), what, content.is_array() ? "a list" : content.dump().substr(0, 40));
  return content;
}

}  // namespace

std::optional<Json> RunFolder::maybe_read_config() const {
  const fs::path file = path() / kRunConfigFile;
  if (!fs::exists(file)) return std::nullopt;
  return read_object(file, "the settings of the run");
}

std::optional<Json> RunFolder::maybe_results() const {
  if (!is_finished(path())) return std::nullopt;
  const fs::path file = path() / kResultsFile;
  if (!fs::exists(file))
    throw UserError(
        "`{}` must hold the results of the finished run, but is missing; remove `{}`, then --resume to evaluate again",
        file.string(), kDoneFile);
  return read_object(file, "the results of the run");
}

void RunFolder::write_done() {
  write_json_file(path() / kDoneFile, {{"format", "retort-run"}, {"version", 1}, {"finished", utc_now()}});
}

}  // namespace retort::checkpoint
