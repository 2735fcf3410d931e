// Folders that are removed again: only with the mark inside, only when their maker is gone, never through a link.
#include "retort/base/marked_folder.h"
#include "retort/base/folder_lock.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "base_testing.h"
#include "retort/base/output_lock.h"
#include "retort/base/random.h"

namespace retort {
namespace {

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// A process that leaves a folder of its own behind.
void leave_one(const fs::path& parent) {
  const pid_t child = ::fork();
  if (child == 0) {
    put_content(make_temporary_folder(parent) / "half", "of a file");
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
}

TEST(MarkedFolder, IsRemovedWithItsContent) {
  const TemporaryFolder folder;
  const fs::path own = make_temporary_folder(folder.path), second = make_temporary_folder(folder.path);
  EXPECT_TRUE(is_marked_folder(own));
  EXPECT_NE(own, second);
  fs::create_directories(own / "deep/er");
  put_content(own / "deep/er/file", "x");
  for (const fs::path& each : {own, second}) remove_marked_folder(each);
  EXPECT_EQ(entry_count(folder.path), 0);
}

TEST(MarkedFolder, WithoutItsMarkItStays) {
  const TemporaryFolder folder;
  fs::create_directories(folder / ".retort-tmp.1.2");
  put_content(folder / ".retort-tmp.1.2/paper.tex", "mine");
  for (const char* mark : {"", "{}", "[]", "no JSON", "{\"format\": 3}", "{\"format\": \"retort-run\"}"}) {
    put_content(folder / ".retort-tmp.1.2/.retort", mark);
    EXPECT_FALSE(is_marked_folder(folder / ".retort-tmp.1.2")) << mark;
    remove_marked_folder(folder / ".retort-tmp.1.2");
    remove_stale_folders(folder.path);
    EXPECT_EQ(content_of(folder / ".retort-tmp.1.2/paper.tex"), "mine") << mark;
  }
}

TEST(MarkedFolder, AnotherNameWithAMarkStays) {
  const TemporaryFolder folder;
  for (const char* name : {"thesis.tmp.2024.11", "unpublished", ".retort-tmp.1", ".retort-tmp.1.2.old"}) {
    fs::create_directory(folder / name);
    mark_folder(folder / name);
    remove_stale_folders(folder.path);
    EXPECT_TRUE(fs::exists(folder / name)) << name;
  }
}

TEST(MarkedFolder, OfADeadProcessIsRemovedAndThatOfALivingOneNot) {
  const TemporaryFolder folder;
  const fs::path own = make_temporary_folder(folder.path);
  leave_one(folder.path);
  fs::create_directory(folder / ".retort-tmp.1.1");  // killed before it had its mark
  EXPECT_EQ(entry_count(folder.path), 3);
  std::vector<std::string> rescued;
  remove_stale_folders(folder.path, [&](const fs::path& dead) { rescued.push_back(content_of(dead / "half")); });
  EXPECT_EQ(rescued, std::vector<std::string>{"of a file"});
  EXPECT_EQ(names_in(folder.path), std::vector<std::string>{own.filename().string()});
}

TEST(MarkedFolder, LinksAreRemovedAndNeverFollowed) {
  const TemporaryFolder folder, other;
  put_content(other / "paper.tex", "mine");
  const fs::path own = make_temporary_folder(folder.path);
  fs::create_directory_symlink(other.path, own / "link");
  remove_marked_folder(own);
  EXPECT_EQ(content_of(other / "paper.tex"), "mine");
  mark_folder(other.path);
  fs::create_directory_symlink(other.path, folder / ".retort-tmp.1.2");
  EXPECT_FALSE(is_marked_folder(folder / ".retort-tmp.1.2"));
  remove_marked_folder(folder / ".retort-tmp.1.2");
  remove_stale_folders(folder.path);
  EXPECT_EQ(content_of(other / "paper.tex"), "mine");
}

TEST(MarkedFolder, AFolderThatCannotBeWrittenIsTheUsersError) {
  expect_contains(user_error([] { make_temporary_folder("/no/such/folder"); }),
                  "`/no/such/folder` must be a folder that can be written, but making a folder in it failed: No such "
                  "file or directory");
}

// At any instant, at the replacement of a file too; what the kill left goes with the next one who writes there.
TEST(MarkedFolder, NothingStaysOfAKilledReplacement) {
  const TemporaryFolder folder;
  const fs::path file = folder / "corpus.tokens";
  put_content(file, "0");
  int left = 0;
  for (uint64_t round = 0; round < 60; ++round) {
    const pid_t child = ::fork();
    if (child == 0)
      for (;;) write_file_atomically(file, "new");
    std::this_thread::sleep_for(std::chrono::microseconds(random_below(make_key(5), round, 4000)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    left += entry_count(folder.path) > 1;
    remove_stale_folders(folder.path);
    ASSERT_EQ(names_in(folder.path), std::vector<std::string>{"corpus.tokens"}) << "round " << round;
  }
  EXPECT_GT(left, 0) << "no kill met a replacement";
}

TEST(MarkedFolder, TheNextLockOfAnOutputRemovesWhatIsLeft) {
  const TemporaryFolder folder, other;
  leave_one(folder.path);
  leave_one(other.path);
  { const OutputLock lock(folder / "corpus.tokens"); }
  EXPECT_EQ(entry_count(folder.path), 0);
  { const FolderLock lock(other.path); }
  EXPECT_EQ(names_in(other.path), std::vector<std::string>{".lock"});
}

TEST(Lock, NeverWritesIntoWhatIsNotALock) {
  const TemporaryFolder folder;
  put_content(folder / "victim", "precious");
  fs::create_symlink("victim", folder / ".lock");
  fs::create_symlink("victim", folder / ".o.lock");
  expect_contains(user_error([&] { FolderLock lock(folder.path); }),
                  "/.lock` must be the lock's own file, but is a link; remove the link");
  expect_contains(user_error([&] { OutputLock lock(folder / "o"); }), "/.o.lock` must be the lock's own file");
  for (const char* name : {".lock", ".o.lock"}) {
    fs::remove(folder / name);
    fs::create_hard_link(folder / "victim", folder / name);
  }
  { const FolderLock lock(folder.path); }
  { const OutputLock lock(folder / "o"); }
  EXPECT_EQ(content_of(folder / "victim"), "precious");
  fs::remove(folder / ".lock");
  put_content(folder / ".lock", "a file of somebody else's");
  { const FolderLock lock(folder.path); }
  EXPECT_EQ(content_of(folder / ".lock"), "a file of somebody else's");
}

}  // namespace
}  // namespace retort
