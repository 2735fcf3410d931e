// The output folder of a training run, from the first log line to the DONE marker: one writer at a time, checkpoints
// that survive kill -9, rotation, and the choice of the checkpoint to resume from. Layout: docs/data_formats.md.
//
//   RunFolder run({.output_dir = "out", .start = RunStart::kResume, .save_total_limit = 3});
//   if (auto checkpoint = run.newest_valid()) load(checkpoint->path);
//   run.maybe_save({.step = 500, .fill = write_state, .bytes_expected = state_bytes});   // on a full disk: warns
//   run.publish_files(write_model, model_bytes);                                         // on a full disk: UserError
//   run.write_results(results);
//   run.write_done();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/base/folder_lock.h"
#include "retort/base/json.h"
#include "retort/checkpoint/checkpoint_list.h"

namespace retort::checkpoint {

// The list of the event files that retort wrote into runs/, one name per line; other files there belong to others.
inline constexpr const char* kEventFileList = ".retort-files";

// What a run does when its output folder is not empty.
enum class RunStart {
  kNew,        // the folder must be empty or absent
  kOverwrite,  // --overwrite_output_dir: moves an earlier run to previous_run/, which is removed at the first save
  kResume,     // --resume: the folder must contain a run, or be empty
};

struct RunFolderOptions {
  fs::path output_dir;
  RunStart start = RunStart::kNew;
  int64_t save_total_limit = 0;  // checkpoints to keep, always the newest and the best; 0 keeps all
};

struct SaveRequest {
  int64_t step = 0;
  std::function<void(const fs::path& folder)> fill;  // writes the checkpoint's files into the given folder
  int64_t bytes_expected = 0;  // compared with the free space first; 0: the size of the newest checkpoint
};

class RunFolder {
 public:
  // Makes the folder if needed, locks it, removes leftovers of killed saves (recognized by their markers, never only by
  // their names) and finishes an interrupted publication. Throws UserError with the remedy when another process holds
  // the folder (pid and host named) or `start` does not permit its content; then nothing in it has changed.
  explicit RunFolder(RunFolderOptions options);
  ~RunFolder();

  const fs::path& path() const { return options_.output_dir; }
  fs::path checkpoint_path(int64_t step) const;

  // The checkpoint with the highest step that matches its manifest; skips damaged ones with a warning that names the
  // file. Empty when there is none. Reads every byte of the checkpoints that it checks.
  std::optional<CheckpointFolder> newest_valid();

  // Writes `checkpoint-<step>`, replacing one of the same step, then deletes checkpoints beyond `save_total_limit`.
  // Returns its path. On failure throws UserError with the bytes needed and free; the temporary folder is removed and
  // older checkpoints are intact.
  fs::path save(const SaveRequest& request);

  // Like `save`, but a write failure is only a warning in the log, and the result is empty.
  std::optional<fs::path> maybe_save(const SaveRequest& request);

  // Rotation never deletes the checkpoint of this step (the best score so far); empty: there is no best one.
  void set_best_step(std::optional<int64_t> step) { best_step_ = step; }

  // Reserves disk space for `publish_files` in a hidden file, so that the final model fits even if the disk fills up
  // meanwhile. Throws UserError when there is not enough space now.
  void reserve_space(int64_t byte_count);

  // Puts files (the final model) into the folder itself: writes and syncs all of them in `.retort-publishing/`, removes
  // an older config.json, renames the files one by one, and the new config.json last. The next process that opens the
  // folder finishes an interrupted publication. Throws UserError like `save`.
  void publish_files(const std::function<void(const fs::path& folder)>& fill, int64_t bytes_expected = 0);

  // `retort_config.json`, the effective settings; `results.json`.
  void write_config(const Json& settings);
  void write_results(const Json& results);
  // The settings of the run to resume; empty when there are none. Throws UserError for an invalid file.
  std::optional<Json> maybe_read_config() const;
  // The content of results.json of a finished run; empty for an unfinished run.
  std::optional<Json> maybe_results() const;

  // Writes the DONE marker, the last file of a run: a folder with it is complete.
  void write_done();

 private:
  void rotate(int64_t newest_step);
  void check_free_space(const fs::path& target, int64_t bytes_expected) const;
  void drop_previous_run();
  void release_space();

  RunFolderOptions options_;
  std::unique_ptr<FolderLock> lock_;
  fs::path reserved_;  // the folder with the reserved space; empty: none
  std::optional<int64_t> best_step_;
  std::set<int64_t> damaged_steps_;  // found by newest_valid; rotation deletes these checkpoints first
};

}  // namespace retort::checkpoint
