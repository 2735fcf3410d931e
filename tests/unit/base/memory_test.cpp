// The memory that control groups, the machine and ulimit leave, read from files as the kernel writes them.
#include "retort/base/memory.h"

#include <gtest/gtest.h>

#include <vector>

#include "base_testing.h"

namespace retort {
namespace {

constexpr int64_t kMiB = 1 << 20;

class Memory : public testing::Test {
 protected:
  const fs::path& folder() const { return folder_.path; }
  void write(const std::string& path, const std::string& content) {
    fs::create_directories((folder() / path).parent_path());
    put_content(folder() / path, content);
  }
  void write_version_2(int64_t used, int64_t files, int64_t shared) {
    write("proc/self/cgroup", "0::/outer/inner\n");
    write("sys/fs/cgroup/outer/memory.max", std::to_string(100 * kMiB) + "\n");
    write("sys/fs/cgroup/outer/memory.current", std::to_string(used * kMiB) + "\n");
    write("sys/fs/cgroup/outer/memory.stat",
          fmt::format("anon 1\nfile {}\nfile_mapped 7\nshmem {}\n", files * kMiB, shared * kMiB));
    write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(Memory, PagesOfFilesDoNotFillAGroupButMemoryFilesDo) {
  write_version_2(98, 0, 0);
  EXPECT_TRUE(MemoryGroups(folder()).is_fuller_than(0.95));
  EXPECT_EQ(MemoryGroups(folder()).maybe_free_bytes(), 2 * kMiB);
  write_version_2(98, 40, 0);
  EXPECT_FALSE(MemoryGroups(folder()).is_fuller_than(0.95));
  EXPECT_EQ(MemoryGroups(folder()).maybe_free_bytes(), 42 * kMiB);
  write_version_2(98, 40, 39);
  EXPECT_TRUE(MemoryGroups(folder()).is_fuller_than(0.95));
}

TEST_F(Memory, GroupsOfVersion1) {
  write("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/a\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(MemoryGroups(folder()).maybe_free_bytes(), std::nullopt);
  write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", std::to_string(100 * kMiB));
  write("sys/fs/cgroup/memory/a/memory.usage_in_bytes", std::to_string(97 * kMiB));
  write("sys/fs/cgroup/memory/a/memory.stat", fmt::format("cache 5\ntotal_cache {}\ntotal_shmem 0\n", kMiB));
  EXPECT_TRUE(MemoryGroups(folder()).is_fuller_than(0.95));
  EXPECT_EQ(MemoryGroups(folder()).maybe_free_bytes(), 4 * kMiB);
}

TEST_F(Memory, TheLeastOfMachineAndGroupsIsAvailable) {
  EXPECT_EQ(maybe_available_memory(folder()), std::nullopt);
  write("proc/meminfo", "MemTotal:       1000 kB\nMemAvailable:    20480 kB\nSwapFree:    10240 kB\n");
  EXPECT_EQ(maybe_available_memory(folder()), 30 * kMiB);
  write_version_2(90, 0, 0);
  EXPECT_EQ(maybe_available_memory(folder()), 10 * kMiB);
}

TEST_F(Memory, ThisProcessHasSome) {
  const int64_t before = maybe_resident_memory().value();
  const std::vector<char> written(64 * kMiB, 1);
  EXPECT_GE(maybe_resident_memory().value() - before, 60 * kMiB) << int{written.back()};
  EXPECT_GE(maybe_peak_resident_memory().value(), maybe_resident_memory().value() - kMiB);
}

TEST(MemoryText, HasThreeDigitsAtMost) {
  EXPECT_EQ(memory_text(1'480'000'000), "1.5 GB");
  EXPECT_EQ(memory_text(230'400'000), "230 MB");
  EXPECT_EQ(memory_text(1'240'000), "1.2 MB");
  EXPECT_EQ(memory_text(12'000), "12 KB");
}

}  // namespace
}  // namespace retort
