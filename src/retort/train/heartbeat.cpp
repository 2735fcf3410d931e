#include "retort/train/heartbeat.h"

#include <fmt/format.h>

#include <algorithm>

namespace retort::train {

namespace {

constexpr const char* kFailedRank = "failed_rank";  // the first that some rank reported: "<rank> <reason>"

std::string heartbeat_key(int64_t rank) { return fmt::format("heartbeat/{}", rank); }

FailedRank get_failed_rank(c10d::Store& store) {
  if (!store.check({kFailedRank})) return {};
  const std::string text = store.get_to_str(kFailedRank);
  const size_t blank = text.find(' ');
  return {std::stoll(text.substr(0, blank)), text.substr(blank + 1)};
}

}  // namespace

void report_failed_rank(c10d::Store& store, const FailedRank& failed) {
  store.compareSet(kFailedRank, std::string(), fmt::format("{} {}", failed.rank, failed.reason));
}

HeartbeatMonitor::HeartbeatMonitor(const ProcessRank& own, std::chrono::milliseconds timeout,
                                   c10::intrusive_ptr<c10d::Store> store)
    : own_(own), timeout_(timeout), store_(std::move(store)), last_(own.world_size), polled_(Clock::now()) {
  for (Heartbeat& heartbeat : last_) heartbeat.at = Clock::now();
  thread_ = std::thread([this] { poll_until_end(); });
}

HeartbeatMonitor::~HeartbeatMonitor() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

FailedRank HeartbeatMonitor::find_failed_rank(std::chrono::milliseconds silence) const {
  const std::lock_guard lock(mutex_);
  if (reported_.rank >= 0) return reported_;
  const std::string reason = fmt::format("no heartbeat for {} s", silence.count() / 1000);
  // The last heartbeat poll did not finish: it waits for the store, which rank 0 keeps.
  if (Clock::now() - polled_ > silence + kHeartbeatInterval) return {own_.rank == 0 ? -1 : 0, reason};
  for (int64_t rank = 0; rank < own_.world_size; ++rank)
    if (rank != own_.rank && polled_ - last_[rank].at > silence) return {rank, reason};
  return {};
}

void HeartbeatMonitor::poll_until_end() {
  const std::chrono::milliseconds pause = std::min(kHeartbeatInterval, timeout_ / 5);
  for (std::unique_lock lock(mutex_); !is_ending_; ended_.wait_for(lock, pause)) {
    lock.unlock();
    std::vector<int64_t> counts;
    FailedRank reported;
    try {
      for (int64_t rank = 0; rank < own_.world_size; ++rank)
        counts.push_back(store_->add(heartbeat_key(rank), rank == own_.rank ? 1 : 0));
      reported = get_failed_rank(*store_);
    } catch (const std::exception&) {  // the store is gone, so no poll finishes any more
      return;
    }
    lock.lock();
    polled_ = Clock::now(), reported_ = std::move(reported);
    for (size_t rank = 0; rank < last_.size(); ++rank)
      if (counts[rank] != last_[rank].count) last_[rank] = {counts[rank], polled_};
  }
}

}  // namespace retort::train
