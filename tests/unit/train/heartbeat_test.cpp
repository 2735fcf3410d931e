// Ranks of one process around a store in memory.
#include "retort/train/heartbeat.h"

#include <gtest/gtest.h>

#include <torch/csrc/distributed/c10d/HashStore.hpp>

namespace retort::train {
namespace {

using std::chrono::milliseconds;

class HeartbeatTest : public testing::Test {
 protected:
  std::unique_ptr<HeartbeatMonitor> start(int64_t rank) {
    ProcessRank own;
    own.rank = rank, own.world_size = 2;
    return std::make_unique<HeartbeatMonitor>(own, milliseconds(50), store_);
  }
  // Asks until a rank has failed, for 20 seconds at most.
  static FailedRank wait_for_failure(const HeartbeatMonitor& monitor, milliseconds silence) {
    FailedRank failed;
    for (int tries = 0; tries < 2000 && failed.rank < 0; ++tries) {
      failed = monitor.find_failed_rank(silence);
      std::this_thread::sleep_for(milliseconds(10));
    }
    return failed;
  }

  c10::intrusive_ptr<c10d::HashStore> store_ = c10::make_intrusive<c10d::HashStore>();
};

TEST_F(HeartbeatTest, ARankThatStopsIsFoundAfterTheSilence) {
  const auto own = start(0);
  auto other = start(1);
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(own->find_failed_rank(milliseconds(10000)).rank, -1);
  EXPECT_EQ(other->find_failed_rank(milliseconds(10000)).rank, -1);
  other.reset();
  const FailedRank failed = wait_for_failure(*own, milliseconds(1000));
  EXPECT_EQ(failed.rank, 1);
  EXPECT_EQ(failed.reason, "no heartbeat for 1 s");
}

TEST_F(HeartbeatTest, TheFirstReportReachesAllRanks) {
  const auto own = start(0), other = start(1);
  report_failed_rank(*store_, {.rank = 1, .reason = "no heartbeat for 7 s"});
  report_failed_rank(*store_, {.rank = 0, .reason = "a later one"});
  for (const HeartbeatMonitor* monitor : {own.get(), other.get()}) {
    const FailedRank failed = wait_for_failure(*monitor, milliseconds(10000));
    EXPECT_EQ(failed.rank, 1);
    EXPECT_EQ(failed.reason, "no heartbeat for 7 s");
  }
}

}  // namespace
}  // namespace retort::train
