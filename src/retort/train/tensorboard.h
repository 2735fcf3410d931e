// Event files that TensorBoard shows: TFRecord frames (length, masked CRC-32C, bytes) around Event messages, encoded by
// hand because five fields do not justify a protobuf library. Sources: tensorflow/core/lib/io/record_writer.h,
// tensorboard/compat/proto/{event,summary,tensor}.proto.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "retort/base/file.h"

namespace retort::train {

struct TensorBoardOptions {
  fs::path folder;                            // one event file per process start; TensorBoard reads all of them
  std::optional<int64_t> resumed_step = {};   // tells TensorBoard to drop points of later steps
  std::function<double()> unix_seconds = {};  // clock; empty: the system's
  std::string host_name = {};                 // part of the file name; empty: this machine's
  int64_t process_id = 0;                     // part of the file name; 0: this process's
};

// Appends whole records. When a write fails, it warns once and the run continues. Thread-safe.
class TensorBoardWriter {
 public:
  // Makes the folder and the file `events.out.tfevents.<seconds>.<host>.<pid>.0`. Throws UserError when it cannot.
  explicit TensorBoardWriter(TensorBoardOptions options);
  ~TensorBoardWriter();

  const fs::path& path() const;

  // Adds a point to the curve `tag` (for example "train/loss"), as float32; NaN and infinity are allowed.
  void add_scalar(std::string_view tag, double value, int64_t step);
  // Adds Markdown to the TEXT page under `tag`.
  void add_text(std::string_view tag, std::string_view text, int64_t step = 0);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace retort::train
