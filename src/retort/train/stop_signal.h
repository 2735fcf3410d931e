// Turns SIGINT, SIGTERM, SIGHUP (the terminal is gone) and SIGUSR1 (the warning that Slurm sends before it stops a job)
// into a question that the training loop asks after each step: save, then leave with exit code 130, 143, 129 or 138. A
// second SIGINT ends the process at once with 130. The handler only stores a number, so it is safe at any instant.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>

namespace retort::train {

// While it lives the signals are caught; afterwards the earlier handlers are back. SIGHUP stays ignored where it is
// (nohup), and SIGXFSZ is ignored, so that a file-size limit is a failed write instead of a death. One made while
// another lives adds nothing: both see the same signal, and the outer one ends the catching.
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

  // Throws Interrupted with the signal's number when one came. Call it once the state is safe; `last` is what was done
  // last ("step 40"), `saved_as` the path of the state, empty when nothing could be saved.
  void throw_if_requested(const std::string& last, const std::string& saved_as = "") const;

 private:
  bool is_outermost_;
  struct sigaction previous_[5];
};

// For work that may be left at once because its caller saves: throws Interrupted where a signal came to a StopSignal
// that lives. `outcome` says what that means for the user.
void throw_if_stopped(const std::string& outcome = "nothing was written");

}  // namespace retort::train
