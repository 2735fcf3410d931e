// Files read, mapped and replaced.
#include "retort/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base_testing.h"

namespace retort {
namespace {

TEST(File, ReadAndMapGiveTheSameBytes) {
  const TemporaryFolder folder;
  const std::string content = std::string(100000, 'x') + '\0' + "ü\r\n";
  put_content(folder / "a", content);
  EXPECT_EQ(read_file(folder / "a"), content);
  const MappedFile mapped(folder / "a");
  EXPECT_EQ(mapped.text(), content);
  EXPECT_EQ(mapped.bytes().size(), content.size());
}

TEST(File, AnEmptyFileIsEmpty) {
  const TemporaryFolder folder;
  put_content(folder / "a", "");
  EXPECT_EQ(read_file(folder / "a"), "");
  EXPECT_TRUE(MappedFile(folder / "a").bytes().empty());
  EXPECT_TRUE(MappedFile().text().empty());
}

TEST(File, AMapCanBeMoved) {
  const TemporaryFolder folder;
  put_content(folder / "a", "first");
  put_content(folder / "b", "second");
  MappedFile a(folder / "a");
  MappedFile moved(std::move(a));
  EXPECT_EQ(moved.text(), "first");
  EXPECT_TRUE(a.text().empty());  // NOLINT: the state after a move is part of the contract
  moved = MappedFile(folder / "b");
  EXPECT_EQ(moved.text(), "second");
}

// As the shell gives them: `<(command)`.
TEST(File, ReadsPipesToTheirEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string content(300000, 'p');
  std::thread writer([&] {
    put_content("/proc/self/fd/" + std::to_string(ends[1]), content);
    ::close(ends[1]);
  });
  EXPECT_EQ(read_file("/proc/self/fd/" + std::to_string(ends[0])), content);
  writer.join();
  ::close(ends[0]);
}

// What lies in a folder and is no file would be waited for, or read, for ever.
TEST(File, RefusesNamedPipesAndDevicesAtOnce) {
  const TemporaryFolder folder;
  const fs::path pipe = folder / "pipe", device = folder / "device";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", device);
  for (const auto& [path, kind] : {std::pair(pipe, "a pipe"), {device, "a device"}, {folder.path, "a folder"}}) {
    const std::string expected = "`" + path.string() + "` must be a regular file, but is " + kind;
    EXPECT_EQ(user_error([&] { read_file(path); }), expected + "; put a file in its place");
    EXPECT_EQ(user_error([&] { MappedFile mapped(path); }), expected);
  }
}

TEST(File, ReadErrorsNamePathAndReason) {
  const TemporaryFolder folder;
  const std::string missing = (folder / "missing").string(), itself = folder.path.string();
  const std::string expected = "`" + missing +
                               "` must be a readable file, but opening it failed: No such file or directory; "
                               "check the path and its permissions";
  EXPECT_EQ(user_error([&] { read_file(missing); }), expected);
  EXPECT_EQ(user_error([&] { MappedFile mapped(missing); }), expected);
  EXPECT_EQ(user_error([&] { read_file(itself); }),
            "`" + itself + "` must be a regular file, but is a folder; put a file in its place");
  EXPECT_EQ(user_error([&] { MappedFile mapped(itself); }), "`" + itself + "` must be a regular file, but is a folder");
}

TEST(AtomicFile, NothingIsVisibleBeforePublish) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.write("one ");
  file.write(std::string(1 << 20, 'x'));  // more than is gathered
  file.write(" two");
  EXPECT_FALSE(fs::exists(folder / "a"));
  file.publish();
  EXPECT_EQ(content_of(folder / "a"), "one " + std::string(1 << 20, 'x') + " two");
  EXPECT_EQ(entry_count(folder.path), 1);
}

TEST(AtomicFile, CanBeReadBeforeItIsPublished) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.write("one ");
  const MappedFile first = file.map();
  EXPECT_EQ(first.text(), "one ");
  file.write(std::string(1 << 20, 'x'));
  EXPECT_EQ(file.map().text(), "one " + std::string(1 << 20, 'x'));
  file.publish();
  EXPECT_EQ(content_of(folder / "a"), "one " + std::string(1 << 20, 'x'));
  EXPECT_EQ(first.text(), "one ");
}

// What is killed then leaves nothing.
TEST(AtomicFile, HasNoNameWhileItIsWritten) {
  const TemporaryFolder folder;
  const int unnamed = ::open(folder.path.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (unnamed < 0) GTEST_SKIP() << "this file system has no files without a name";
  ::close(unnamed);
  AtomicFile file(folder / "a");
  file.write(std::string(1 << 20, 'x'));
  EXPECT_EQ(entry_count(folder.path), 0);
}

TEST(AtomicFile, WithoutPublishTheOldContentStays) {
  const TemporaryFolder folder;
  put_content(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    file.write("new");
  }
  EXPECT_EQ(content_of(folder / "a"), "old");
  EXPECT_EQ(entry_count(folder.path), 1);
}

TEST(AtomicFile, SeveralOfOnePathDoNotDisturbEachOther) {
  const TemporaryFolder folder;
  AtomicFile first(folder / "a"), second(folder / "a");
  first.write("first");
  second.write("second");
  second.publish();
  EXPECT_EQ(content_of(folder / "a"), "second");
  first.publish();
  EXPECT_EQ(content_of(folder / "a"), "first");
}

TEST(AtomicFile, ALinkIsFollowed) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "real");
  put_content(folder / "real/a", "old");
  fs::create_symlink("real/a", folder / "link");
  write_file_atomically(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(content_of(folder / "real/a"), "new");
}

TEST(AtomicFile, ADeviceIsWrittenDirectly) {
  write_file_atomically("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(AtomicFile, AnEmptyFileAndARelativeName) {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path);
  write_file_atomically("relative", "");
  fs::current_path(before);
  EXPECT_EQ(fs::file_size(folder / "relative"), 0u);
}

TEST(AtomicFile, UseAfterPublishIsOurBug) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.publish();
  EXPECT_THROW(file.publish(), InternalError);
  EXPECT_THROW(file.write("x"), InternalError);
}

TEST(AtomicFile, AFolderOrAMissingFolderIsTheUsersError) {
  const TemporaryFolder folder;
  const std::string itself = folder.path.string();
  EXPECT_EQ(user_error([&] { AtomicFile file(itself); }),
            "`" + itself + "` must be a file, but is a folder; choose another name");
  const std::string text = user_error([&] { write_file_atomically(folder / "none/a", "x"); });
  expect_contains(text, "`" + (folder / "none/a.tmp").string());
  expect_contains(text, "must be writable, but opening it failed: No such file or directory");
}

}  // namespace
}  // namespace retort
