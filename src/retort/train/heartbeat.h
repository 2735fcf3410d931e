// Heartbeats of the ranks of a run, as counters in the store: each rank increments its own every second and polls those
// of the others, so that a collective can tell a rank that works long from one that has died or hangs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "retort/train/rank_discovery.h"

namespace retort::train {

inline constexpr std::chrono::milliseconds kHeartbeatInterval{1000};

struct FailedRank {
  int64_t rank = -1;  // -1: none failed
  std::string reason = {};
};

// Tells all ranks, unless one has reported a failed rank before. Throws what the store throws.
void report_failed_rank(c10d::Store& store, const FailedRank& failed);

// Sends and polls in a thread of its own, from construction to destruction. Thread-safe.
class HeartbeatMonitor {
 public:
  // `store` is a connection that nothing else uses; one poll waits for it at a time.
  HeartbeatMonitor(const ProcessRank& own, std::chrono::milliseconds timeout, c10::intrusive_ptr<c10d::Store> store);
  ~HeartbeatMonitor();
  HeartbeatMonitor(const HeartbeatMonitor&) = delete;
  HeartbeatMonitor& operator=(const HeartbeatMonitor&) = delete;

  // The rank that another one reported, else one that has sent no heartbeat for `silence`.
  FailedRank find_failed_rank(std::chrono::milliseconds silence) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Heartbeat {
    int64_t count = -1;
    Clock::time_point at;
  };

  void poll_until_end();

  const ProcessRank own_;
  const std::chrono::milliseconds timeout_;
  c10::intrusive_ptr<c10d::Store> store_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool is_ending_ = false;
  std::vector<Heartbeat> last_;  // by rank: the newest count, and when a poll first saw it
  Clock::time_point polled_;     // end of the last poll
  FailedRank reported_;
  std::thread thread_;
};

}  // namespace retort::train
