// The parallel loop (every item once, grain kept, errors passed on, nesting) and the reading of control groups.
#include "retort/base/thread.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base_testing.h"

namespace retort {
namespace {

// Several threads also on a machine with one CPU.
struct ScopedThreads {
  explicit ScopedThreads(int count) : before(thread_count()) { set_thread_count(count); }
  ~ScopedThreads() { set_thread_count(before); }
  const int before;
};

TEST(Thread, EveryItemExactlyOnceInRangesOfAtLeastTheGrain) {
  const ScopedThreads threads(4);
  for (const int64_t count : {1, 2, 7, 64, 1000, 12345}) {
    for (const int64_t grain : {0, 1, 3, 100, 20000}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
      std::atomic<bool> too_short{false};
      parallel_for(count, grain, [&](int64_t begin, int64_t end) {
        if (end - begin < std::min(grain, count)) too_short = true;
        for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
      });
      EXPECT_FALSE(too_short) << count << " items, grain " << grain;
      for (const auto& visit : visits) ASSERT_EQ(visit, 1);
    }
  }
}

// A limit on processes counts those of the user, so one of 1 leaves no room for a second thread.
TEST(Thread, WhereTheSystemStartsNoMoreFewerAreUsed) {
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;  // the superuser has no such limit
    const rlimit limit = {.rlim_cur = 1, .rlim_max = 1};
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0 || (::getuid() == 0 && ::setuid(kNobody) != 0)) ::_exit(3);
    set_thread_count(8);
    std::atomic<int> items{0};
    parallel_for(100, 1, [&](int64_t begin, int64_t end) { items += static_cast<int>(end - begin); });
    ::_exit(items != 100 ? 2 : thread_count() == 1 ? 0 : thread_count() == 8 ? 3 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 3) GTEST_SKIP() << "processes cannot be limited here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Thread, NothingToDoCallsNothing) {
  parallel_for(0, 1, [](int64_t, int64_t) { FAIL(); });
  parallel_for(-5, 1, [](int64_t, int64_t) { FAIL(); });
}

TEST(Thread, AnExceptionReachesTheCaller) {
  const ScopedThreads threads(4);
  const auto fail = [] {
    parallel_for(1000, 1, [](int64_t begin, int64_t) {
      if (begin > 100) throw UserError("`row` {} is bad", begin);
    });
  };
  expect_contains(user_error(fail), "is bad");
  std::atomic<int64_t> sum{0};
  parallel_for(10, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
  EXPECT_EQ(sum, 10);
}

TEST(Thread, NestedCallsStayInTheirThread) {
  const ScopedThreads threads(4);
  std::atomic<bool> moved{false};
  std::atomic<int64_t> sum{0};
  parallel_for(8, 1, [&](int64_t, int64_t) {
    const auto self = std::this_thread::get_id();
    parallel_for(100, 1, [&](int64_t begin, int64_t end) {
      if (std::this_thread::get_id() != self) moved = true;
      sum += end - begin;
    });
  });
  EXPECT_FALSE(moved);
  EXPECT_EQ(sum % 100, 0);
}

TEST(Thread, CountIsPositiveAndCanBeSet) {
  EXPECT_GE(thread_count(), 1);
  {
    const ScopedThreads threads(3);
    EXPECT_EQ(thread_count(), 3);
  }
  EXPECT_EQ(user_error([] { set_thread_count(0); }),
            "`threads` must be at least 1, but is 0; leave it out to use all CPUs allowed");
}

// A copy of the few files of /proc and /sys that are read.
struct FakeRoot {
  TemporaryFolder root;
  void put(const char* path, std::string_view content) {
    fs::create_directories((root / path).parent_path());
    put_content(root / path, content);
  }
};

TEST(Thread, QuotaOfVersion2IsTheSmallestOnTheWayUp) {
  FakeRoot fake;
  fake.put("proc/self/cgroup", "0::/user.slice/job\n");
  fake.put("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
  EXPECT_EQ(cpu_quota(fake.root.path), 0);
  fake.put("sys/fs/cgroup/user.slice/cpu.max", "250000 100000\n");
  EXPECT_EQ(cpu_quota(fake.root.path), 3);
  fake.put("sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(cpu_quota(fake.root.path), 1);
}

TEST(Thread, QuotaOfVersion1InsideAContainer) {
  FakeRoot fake;
  fake.put("proc/self/cgroup", "5:memory:/docker/0a\n3:cpu,cpuacct:/docker/0a\n");
  EXPECT_EQ(cpu_quota(fake.root.path), 0);
  fake.put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  fake.put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cpu_quota(fake.root.path), 0);
  fake.put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
  EXPECT_EQ(cpu_quota(fake.root.path), 4);
}

TEST(Thread, OddControlGroupFilesMeanNoLimit) {
  FakeRoot fake;
  EXPECT_EQ(cpu_quota(fake.root.path), 0);
  fake.put("proc/self/cgroup", "nonsense\n::\n0::/\n");
  fake.put("sys/fs/cgroup/cpu.max", "");
  EXPECT_EQ(cpu_quota(fake.root.path), 0);
}

}  // namespace
}  // namespace retort
