// Files under faults: a full disk, a size limit, a read-only folder, and kill -9 at any instant.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "base_testing.h"
#include "retort/base/folder.h"
#include "retort/base/folder_lock.h"
#include "retort/base/random.h"

namespace retort {
namespace {

TEST(FileFault, AFullDiskTellsHowMuchIsMissing) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
  EXPECT_EQ(
      user_error([] { write_file_atomically("/dev/full", std::string(1000, 'x')); }),
      "`/dev/full` must be writable to its end, but writing failed: No space left on device, with 1000 bytes still "
      "to be written; free some space or choose another folder");
}

// Runs `check` in a child, so that a limit or a user id of the process can be changed; true when it exits with 0.
template <typename Check>
bool holds_in_child(const Check& check) {
  const pid_t child = ::fork();
  if (child == 0) {
    bool held = false;
    try {
      held = check();
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "%s\n", failure.what());
    }
    std::fflush(stderr);
    ::_exit(held ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(FileFault, AWriteThatFailsHalfWayLeavesTheOldFileAndNoLitter) {
  const TemporaryFolder folder;
  put_content(folder / "a", "old");
  EXPECT_TRUE(holds_in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = 1'000'000, .rlim_max = 1'000'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string text = user_error([&] { write_file_atomically(folder / "a", std::string(3'000'000, 'x')); });
    std::fprintf(stderr, "%s\n", text.c_str());
    return text.find("File too large, with 2000000 bytes still to be written") != text.npos;
  }));
  EXPECT_EQ(content_of(folder / "a"), "old");
  EXPECT_EQ(entry_count(folder.path), 1);
}

// Mounts of our own: as root directly, else as root of a user namespace that maps this user alone.
bool enter_own_mounts() {
  const uid_t user = ::getuid();
  if (::unshare(CLONE_NEWNS) == 0) return true;
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  put_content("/proc/self/uid_map", fmt::format("0 {} 1", user));
  return ::getuid() == 0;
}

// A file system of one megabyte at `folder`, seen by this process only; false where the system does not let us.
bool mount_small_disk(const fs::path& folder) {
  return enter_own_mounts() && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("none", folder.c_str(), "tmpfs", 0, "size=1m") == 0;
}

TEST(FileFault, ADiskThatFillsUpKeepsTheOldFile) {
  const TemporaryFolder folder;
  if (!holds_in_child([&] { return mount_small_disk(folder.path); }))
    GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_TRUE(holds_in_child([&] {
    if (!mount_small_disk(folder.path)) return false;
    write_file_atomically(folder / "a", "old");
    const std::string file = user_error([&] { write_file_atomically(folder / "a", std::string(2 << 20, 'x')); });
    const std::string made = user_error([&] {
      write_folder_atomically(folder / "model", [](const fs::path& made_folder) {
        write_file_atomically(made_folder / "w", std::string(2 << 20, 'x'));
      });
    });
    std::fprintf(stderr, "%s\n%s\n", file.c_str(), made.c_str());
    const std::string full = "No space left on device, with ";
    return file.find(full) != file.npos && made.find(full) != made.npos && content_of(folder / "a") == "old" &&
           entry_count(folder.path) == 1;
  }));
}

TEST(FileFault, AFolderThatFillsUpHalfWayLeavesTheOldFolder) {
  const TemporaryFolder folder;
  write_folder_atomically(folder / "model", [](const fs::path& made) { put_content(made / "w", "old"); });
  EXPECT_THROW(write_folder_atomically(folder / "model",
                                       [](const fs::path& made) {
                                         put_content(made / "w", "new");
                                         throw UserError("`disk` is full");
                                       }),
               UserError);
  EXPECT_EQ(content_of(folder / "model/w"), "old");
  EXPECT_EQ(entry_count(folder.path), 1);
}

TEST(FileFault, AReadOnlyFolderIsTheUsersError) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "closed");
  fs::permissions(folder.path, fs::perms(0755));
  fs::permissions(folder / "closed", fs::perms(0555));
  EXPECT_TRUE(holds_in_child([&] {
    constexpr uid_t kNobody = 65534;  // root ignores permissions
    if (::getuid() == 0 && ::setuid(kNobody) != 0) return true;
    const std::string file = user_error([&] { write_file_atomically(folder / "closed/a", "x"); });
    const std::string made = user_error([&] { make_folder(folder / "closed"); });
    const std::string below = user_error([&] { make_folder(folder / "closed/below"); });
    const std::string lock = user_error([&] { FolderLock holder(folder / "closed"); });
    std::fprintf(stderr, "%s\n%s\n%s\n%s\n", file.c_str(), made.c_str(), below.c_str(), lock.c_str());
    const std::string denied = "Permission denied";
    return file.find("must be writable, but opening it failed: " + denied) != file.npos &&
           made.find("must be a folder that can be written, but is not: " + denied) != made.npos &&
           below.find(denied) != below.npos && lock.find(denied) != lock.npos;
  }));
  fs::permissions(folder / "closed", fs::perms(0755));
}

// Two contents that differ in length and in every byte: a mixture of both could not hide.
const std::string& content_number(int number) {
  static const std::string contents[2] = {std::string(150'000, 'a'), std::string(400'000, 'b')};
  return contents[number % 2];
}

[[noreturn]] void replace_for_ever(const fs::path& path) {
  for (int i = 0;; ++i) {
    AtomicFile file(path);
    const std::string& content = content_number(i);
    for (size_t begin = 0; begin < content.size(); begin += 10'000) file.write(content.substr(begin, 10'000));
    file.publish();
  }
}

// Kills a child that runs `work` after `microseconds`.
template <typename Work>
void kill_during(uint64_t microseconds, const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) work();
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST(FileFault, KilledAtAnyInstantAFileIsOldOrNew) {
  const TemporaryFolder folder;
  const fs::path path = folder / "checkpoint";
  write_file_atomically(path, content_number(0));
  for (uint64_t round = 0; round < 100; ++round) {
    kill_during(random_below(make_key(1), round, 8000), [&] { replace_for_ever(path); });
    const std::string found = content_of(path);
    ASSERT_TRUE(found == content_number(0) || found == content_number(1))
        << found.size() << " bytes in round " << round;
  }
}

[[noreturn]] void replace_folder_for_ever(const fs::path& path) {
  for (int i = 0;; ++i) {
    write_folder_atomically(path, [&](const fs::path& made) {
      put_content(made / "config.json", content_number(i));
      put_content(made / "model.safetensors", content_number(i));
    });
  }
}

TEST(FileFault, KilledAtAnyInstantAFolderIsOldOrNew) {
  const TemporaryFolder folder;
  const fs::path path = folder / "model";
  const auto fill = [](const fs::path& made) {
    for (const char* name : {"config.json", "model.safetensors"}) put_content(made / name, content_number(0));
  };
  write_folder_atomically(path, fill);
  for (uint64_t round = 0; round < 40; ++round) {
    kill_during(random_below(make_key(2), round, 12000), [&] { replace_folder_for_ever(path); });
    const std::string config = content_of(path / "config.json");
    ASSERT_TRUE(config == content_number(0) || config == content_number(1)) << "round " << round;
    ASSERT_EQ(content_of(path / "model.safetensors"), config) << "files of two versions in round " << round;
  }
}

}  // namespace
}  // namespace retort
