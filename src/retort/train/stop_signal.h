// Turns SIGINT, SIGTERM, SIGHUP (the terminal is gone) and SIGUSR1 (the warning that Slurm sends before it stops a job)
// into a flag that the training loop reads after each step: it saves, then exits with code 130, 143, 129 or 138. A
// second SIGINT ends the process at once with 130. The handler only stores a number, so it is async-signal-safe.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>

namespace retort::train {

// Catches the signals during its lifetime; the destructor restores the earlier handlers. SIGHUP stays ignored where it
// is (nohup), and SIGXFSZ is ignored, so that a file-size limit is a failed write and does not kill the process. A
// nested object adds nothing: both see the same signal, and the outer one restores the handlers.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // The number of the first signal that came, or 0. Any thread may ask.
  int requested() const;

  // Behaves as if this signal had come, because another rank got it. 0: none did.
  void adopt(int signal_number);

  // Throws Interrupted with the signal's number when one came. Call it once the state is safe; `last` is what was done
  // last ("step 40"), `saved_as` the path of the state, empty when nothing could be saved.
  void throw_if_requested(const std::string& last, const std::string& saved_as = "") const;

 private:
  bool is_outermost_;
  struct sigaction previous_[5];
};

// For work that can be interrupted at any point because its caller saves: throws Interrupted when a signal came during
// the lifetime of a StopSignal. `outcome` tells the user the consequence.
void throw_if_stopped(const std::string& outcome = "nothing was written");

}  // namespace retort::train
