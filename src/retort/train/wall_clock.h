// The clocks: the time of day for logs, a steady one for durations.
#pragma once

#include <chrono>

namespace retort::train {

// Seconds since 1970 in UTC, with their fraction.
inline double unix_seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Seconds since some fixed moment; setting the time of day does not change it.
inline double steady_seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace retort::train
