// The time of day, for logs.
#pragma once

#include <chrono>

namespace retort::train {

// Seconds since 1970 in UTC, with their fraction.
inline double unix_seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace retort::train
