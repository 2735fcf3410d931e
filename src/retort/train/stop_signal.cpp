#include "retort/train/stop_signal.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <string>

#include "retort/base/error.h"

namespace retort::train {
namespace {

constexpr std::array kCaught = {SIGINT, SIGTERM, SIGUSR1, SIGHUP};

// These are global, because a handler receives only the number, and lock-free, because it may use nothing else.
std::atomic<int> first_signal{0};
std::atomic<bool> is_active{false};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void remember_signal(int signal_number) {
  int none = 0;
  const bool is_first = first_signal.compare_exchange_strong(none, signal_number);
  if (!is_first && signal_number == SIGINT) ::_exit(128 + SIGINT);
}

const char* name_of(int signal_number) {
  switch (signal_number) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "SIGUSR1";
  }
}

bool is_ignored(int signal_number) {
  struct sigaction now = {};
  ::sigaction(signal_number, nullptr, &now);
  return now.sa_handler == SIG_IGN;
}

}  // namespace

StopSignal::StopSignal() : is_outermost_(!is_active.exchange(true)) {
  if (!is_outermost_) return;
  first_signal = 0;
  struct sigaction action = {};
  ::sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;  // a signal must not turn a read or write of a library into an error
  for (size_t i = 0; i < kCaught.size(); ++i) {
    action.sa_handler = kCaught[i] == SIGHUP && is_ignored(SIGHUP) ? SIG_IGN : remember_signal;
    ::sigaction(kCaught[i], &action, &previous_[i]);
  }
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGXFSZ, &action, &previous_[kCaught.size()]);
}

StopSignal::~StopSignal() {
  if (!is_outermost_) return;
  for (size_t i = 0; i < kCaught.size(); ++i) ::sigaction(kCaught[i], &previous_[i], nullptr);
  ::sigaction(SIGXFSZ, &previous_[kCaught.size()], nullptr);
  is_active = false;
}

int StopSignal::requested() const { return first_signal; }

void StopSignal::adopt(int signal_number) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal_number);
}

void StopSignal::throw_if_requested(const std::string& last, const std::string& saved_as) const {
  const int signal_number = requested();
  if (signal_number == 0) return;
  throw Interrupted(
      signal_number,
      fmt::format("stopped by {} after {}; {}", name_of(signal_number), last,
                  saved_as.empty() ? "nothing could be saved"
                                   : fmt::format("saved as `{}`, --resume continues from there", saved_as)));
}

void throw_if_stopped(const std::string& outcome) {
  const int signal_number = is_active ? first_signal.load() : 0;
  if (signal_number != 0)
    throw Interrupted(signal_number, fmt::format("stopped by {}; {}", name_of(signal_number), outcome));
}

}  // namespace retort::train
