// The folder that a training run owns from its first line of log to its DONE marker: one writer at a time, checkpoints
// that survive kill -9, rotation, and the choice of the checkpoint to resume from. Layout: docs/data_formats.md.
//
//   RunFolder run({.output_dir = "out", .start = RunStart::kResume, .save_total_limit = 3});
//   if (auto checkpoint = run.newest_valid()) load(checkpoint->path);
//   run.maybe_save({.step = 500, .fill = write_state, .bytes_expected = state_bytes});   // a full disk: a warning
//   run.publish_files(write_model, model_bytes);                                         // a full disk: UserError
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

namespace retort::checkpoint {

// The list of the event files that runs have written into runs/, one name a line; other files there are of others.
inline constexpr const char* kEventFileList = ".retort-files";

// How a run treats what its output folder already holds.
enum class RunStart {
  kNew,        // the folder must be empty or absent
  kOverwrite,  // --overwrite_output_dir: an earlier run is set aside in previous_run/ and removed at the first save
  kResume,     // --resume: the folder must hold a run, or be empty
};

struct RunFolderOptions {
  fs::path output_dir;
  RunStart start = RunStart::kNew;
  int64_t save_total_limit = 0;  // checkpoints kept, at least the newest and the best; 0 keeps all
};

struct CheckpointFolder {
  int64_t step = 0;
  fs::path path;
};

// All `checkpoint-N` folders of a run's folder by increasing step, whole or not; none where there is no folder.
std::vector<CheckpointFolder> list_checkpoints(const fs::path& output_dir);

struct SaveRequest {
  int64_t step = 0;
  std::function<void(const fs::path& folder)> fill;  // writes the checkpoint's files into the folder it is given
  int64_t bytes_expected = 0;                        // compared with the free space first; 0: as the newest checkpoint
};

// Ends a publication of model files that was cut off in `folder`, so that its model is of one piece; nothing where
// there is none. Waits for a process that is about to end it. Throws UserError where it cannot be ended.
void finish_publication(const fs::path& folder);

class RunFolder {
 public:
  // Makes the folder if needed, locks it, removes what killed saves left (by its mark, never by its name alone), ends a
  // publication that was cut off. Throws UserError with the remedy when another
  // process holds the folder (pid and host named) or `start` does not permit what it holds; then nothing in it changed.
  explicit RunFolder(RunFolderOptions options);
  ~RunFolder();

  const fs::path& path() const { return options_.output_dir; }
  fs::path checkpoint_path(int64_t step) const;

  // The checkpoint with the highest step whose bytes agree with its manifest; damaged ones are skipped with a warning
  // in the log that names the file. Empty when there is none. Reads every byte of the folders it looks at.
  std::optional<CheckpointFolder> newest_valid();

  // Writes `checkpoint-<step>`, replacing one of the same step, then deletes checkpoints beyond `save_total_limit`.
  // Returns its path. Throws UserError with the bytes needed and free when it cannot be written; the temporary folder
  // is gone then and older checkpoints are intact.
  fs::path save(const SaveRequest& request);

  // As `save`, for saves that training can do without: a failure to write is a warning in the log and gives empty.
  std::optional<fs::path> maybe_save(const SaveRequest& request);

  // Rotation never deletes the checkpoint of this step (the best score so far); empty: none is best.
  void set_best_step(std::optional<int64_t> step) { best_step_ = step; }

  // Sets room aside for `publish_files`, in a hidden file, so that a disk that fills up meanwhile does not take the
  // final model. Throws UserError where there is not so much room now.
  void set_room_aside(int64_t byte_count);

  // Puts files (the final model) into the folder itself: all are written and synced in `.retort-publishing/` first,
  // then renamed one by one, an older config.json taken away first and the new one put in its place last. A publication
  // that is cut off is ended by whoever opens the folder next. Throws UserError as `save` does.
  void publish_files(const std::function<void(const fs::path& folder)>& fill, int64_t bytes_expected = 0);

  // `retort_config.json`, the effective settings; `results.json`.
  void write_config(const Json& settings);
  void write_results(const Json& results);
  // The settings of the run that is resumed; empty when there are none. Throws UserError for a file that holds none.
  std::optional<Json> maybe_read_config() const;
  // What results.json holds of a run that is finished; empty for one that is not.
  std::optional<Json> maybe_results() const;

  // The DONE marker, last of all: a folder that has it holds everything that the run promised.
  void write_done();

 private:
  void rotate(int64_t newest_step);
  void check_free_space(const fs::path& target, int64_t bytes_expected) const;
  void drop_previous_run();
  void give_room_back();

  RunFolderOptions options_;
  std::unique_ptr<FolderLock> lock_;
  fs::path room_;  // the folder with what set_room_aside took; empty: none
  std::optional<int64_t> best_step_;
  std::set<int64_t> damaged_steps_;  // found by newest_valid; rotation deletes these first
};

}  // namespace retort::checkpoint
