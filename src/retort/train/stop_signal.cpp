#include "retort/train/stop_signal.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <string>

#include "retort/base/error.h"

namespace retort::train {
namespace {

constexpr std::array kCaught = {SIGINT, SIGTERM, SIGUSR1};

// Global, because a handler is given nothing but the number; lock-free, because a handler may use nothing else.
std::atomic<int> first_signal{0};
std::atomic<bool> is_active{false};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void remember_signal(int signal_number) {
  int none = 0;
  const bool is_first = first_signal.compare_exchange_strong(none, signal_number);
  if (!is_first && signal_number == SIGINT) ::_exit(128 + SIGINT);
}

const char* name_of(int signal_number) {
  return signal_number == SIGINT ? "SIGINT" : signal_number == SIGTERM ? "SIGTERM" : "SIGUSR1";
}

}  // namespace

StopSignal::StopSignal() {
  RETORT_CHECK(!is_active.exchange(true), "a second StopSignal is made while one lives");
  first_signal = 0;
  struct sigaction action = {};
  ::sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;  // a signal must not turn a read or write of a library into an error
  action.sa_handler = remember_signal;
  for (size_t i = 0; i < kCaught.size(); ++i) ::sigaction(kCaught[i], &action, &previous_[i]);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGXFSZ, &action, &previous_[kCaught.size()]);
}

StopSignal::~StopSignal() {
  for (size_t i = 0; i < kCaught.size(); ++i) ::sigaction(kCaught[i], &previous_[i], nullptr);
  ::sigaction(SIGXFSZ, &previous_[kCaught.size()], nullptr);
  is_active = false;
}

int StopSignal::requested() const { return first_signal; }

void StopSignal::adopt(int signal_number) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal_number);
}

void StopSignal::throw_if_requested(int64_t step, const std::string& saved_as) const {
  const int signal_number = requested();
  if (signal_number == 0) return;
  throw Interrupted(
      signal_number,
      fmt::format("stopped by {} after step {}; {}", name_of(signal_number), step,
                  saved_as.empty() ? "nothing could be saved"
                                   : fmt::format("saved as `{}`, --resume continues from there", saved_as)));
}

}  // namespace retort::train
