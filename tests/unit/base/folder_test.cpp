// Folders: made, replaced, locked; the cache's place.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base_testing.h"
#include "retort/base/folder.h"
#include "retort/base/folder_lock.h"
#include "retort/base/output_lock.h"

namespace retort {
namespace {

TEST(Folder, IsReplacedAsAWhole) {
  const TemporaryFolder folder;
  const auto fill = [](const char* name) {
    return [name](const fs::path& made) {
      fs::create_directories(made / "deep/er");
      put_content(made / name, name);
      put_content(made / "deep/er/file", name);
    };
  };
  write_folder_atomically(folder / "out", fill("first"));
  EXPECT_EQ(content_of(folder / "out/deep/er/file"), "first");
  write_folder_atomically(folder / "out/", fill("second"));
  EXPECT_EQ(content_of(folder / "out/second"), "second");
  EXPECT_FALSE(fs::exists(folder / "out/first"));
  EXPECT_EQ(entry_count(folder.path), 1);
}

TEST(Folder, ParentsAreMade) {
  const TemporaryFolder folder;
  write_folder_atomically(folder / "a/b/out", [](const fs::path&) {});
  EXPECT_TRUE(fs::is_directory(folder / "a/b/out"));
  make_folder(folder / "c/d");
  make_folder(folder / "c/d");
  EXPECT_TRUE(fs::is_directory(folder / "c/d"));
}

TEST(Folder, AFileInItsPlaceIsTheUsersError) {
  const TemporaryFolder folder;
  put_content(folder / "file", "x");
  const std::string path = (folder / "file").string();
  EXPECT_EQ(user_error([&] { write_folder_atomically(path, [](const fs::path&) {}); }),
            "`" + path + "` must be a folder or not exist yet, but is a file; choose another name");
  expect_contains(user_error([&] { make_folder(path); }),
                  "`" + path + "` must be a folder that can be written, but is not: ");
  expect_contains(user_error([&] { make_folder(path + "/below"); }), "Not a directory");
  EXPECT_EQ(content_of(path), "x");
}

TEST(FolderLock, IsFreeAgainAfterItsScope) {
  const TemporaryFolder folder;
  { const FolderLock lock(folder / "run"); }
  { const FolderLock lock(folder / "run"); }
  EXPECT_TRUE(fs::exists(folder / "run/.lock"));
}

TEST(FolderLock, ExcludesTheSameProcessToo) {
  const TemporaryFolder folder;
  const FolderLock lock(folder.path);
  expect_contains(user_error([&] { FolderLock second(folder.path); }),
                  "process " + std::to_string(::getpid()) + " on host ");
}

// A child that holds the lock until it is killed; returns once it has the lock.
pid_t start_holder(const fs::path& folder) {
  int ready[2];
  if (::pipe(ready) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock lock(folder);
    [[maybe_unused]] const ssize_t told = ::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  ::close(ready[1]);
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  ::close(ready[0]);
  return child;
}

TEST(FolderLock, NamesTheHolderAndEndsWithItsDeath) {
  const TemporaryFolder folder;
  const pid_t child = start_holder(folder.path);
  const std::string text = user_error([&] { FolderLock lock(folder.path); });
  expect_contains(text,
                  "`" + folder.path.string() + "` must be free, but process " + std::to_string(child) + " on host ");
  expect_contains(text, " is using it; wait for it or choose another folder");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(FolderLock lock(folder.path));
}

TEST(OutputLock, HasOneHolderAndLeavesNothing) {
  const TemporaryFolder folder;
  const fs::path file = folder / "corpus.tokens";
  {
    const OutputLock lock(file), other(folder / "other.tokens");
    expect_contains(user_error([&] { OutputLock second(file); }), "`" + file.string() +
                                                                      "` must be written by one process, but process " +
                                                                      std::to_string(::getpid()) + " on host ");
  }
  EXPECT_TRUE(fs::is_empty(folder.path));
  put_content(folder / ".corpus.tokens.lock", "process 1 on host of-a-killed-one\n");
  { const OutputLock lock(file); }
  EXPECT_TRUE(fs::is_empty(folder.path));
  EXPECT_NO_THROW(OutputLock("/dev/null"));
  EXPECT_NO_THROW(OutputLock(folder / "no/such/folder/file")) << "its writer says what is wrong";
}

TEST(CacheFolder, FollowsTheEnvironmentInOrder) {
  const TemporaryFolder folder;
  const ScopedEnvironment home("HOME", (folder / "home").string());
  {
    const ScopedEnvironment none("RETORT_CACHE", ""), no_shared("XDG_CACHE_HOME", "");
    EXPECT_EQ(user_cache_folder(), folder / "home/.cache/retort");
  }
  const ScopedEnvironment shared("XDG_CACHE_HOME", (folder / "xdg").string());
  {
    const ScopedEnvironment none("RETORT_CACHE", "");
    EXPECT_EQ(user_cache_folder(), folder / "xdg/retort");
  }
  const ScopedEnvironment own("RETORT_CACHE", (folder / "own").string());
  EXPECT_EQ(user_cache_folder(), folder / "own");
  EXPECT_TRUE(fs::is_directory(folder / "own"));
}

TEST(CacheFolder, FallsBackToTheTemporaryFolder) {
  const TemporaryFolder folder;
  put_content(folder / "file", "");
  const std::string closed = (folder / "file/below").string();
  const ScopedEnvironment own("RETORT_CACHE", closed), shared("XDG_CACHE_HOME", closed), home("HOME", closed);
  const ScopedEnvironment temporary("TMPDIR", folder.path.string());
  EXPECT_EQ(user_cache_folder(), folder / ("retort-" + std::to_string(::getuid())).c_str());
}

}  // namespace
}  // namespace retort
