// Turns SIGINT, SIGTERM and SIGUSR1 (the warning that Slurm sends before it stops a job) into a question that the
// training loop asks after each step: save, then leave with exit code 130, 143 or 138. A second SIGINT ends the process
// at once with 130. The handler only stores a number, so it is safe at any instant.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>

namespace retort::train {

// While it lives the three signals are caught; afterwards the earlier handlers are back. At most one object at a time.
// SIGXFSZ is ignored meanwhile, so that a file-size limit is a failed write instead of a death.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // The number of the first signal that came, or 0. Any thread may ask.
  int requested() const;

  // Does as if this signal had come: another process of the run got it. 0: none did.
  void adopt(int signal_number);

  // Throws Interrupted with the signal's number when one came. Call it once the state is safe; `saved_as` is the
  // checkpoint's path, empty when nothing could be saved.
  void throw_if_requested(int64_t step, const std::string& saved_as = "") const;

 private:
  struct sigaction previous_[4];
};

}  // namespace retort::train
