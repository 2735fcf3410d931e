// Lines on standard error and in the log file.
#include "retort/base/log.h"

#include <gtest/gtest.h>

#include <regex>
#include <thread>

#include "base_testing.h"

namespace retort {
namespace {

// Standard error of `action`, through a file in place of the descriptor: spdlog writes to the C stream.
template <typename Action>
std::string captured_stderr(const Action& action) {
  testing::internal::CaptureStderr();
  action();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, LinesForPeople) {
  EXPECT_EQ(captured_stderr([] {
              log_info("step {}", 3);
              log_warning("slow disk");
              write_log_line(LogLevel::kError, "100% {} lost");
            }),
            "retort: step 3\nwarning: slow disk\nerror: 100% {} lost\n");
}

TEST(Log, TheFileGetsEveryLineWithDateAndLevel) {
  const TemporaryFolder folder;
  put_content(folder / "log.txt", "kept\n");
  captured_stderr([&] {
    set_log_file((folder / "log.txt").string());
    log_info("one");
    log_warning("two");
    set_log_file("");
    log_info("not in the file");
  });
  EXPECT_TRUE(
      std::regex_match(content_of(folder / "log.txt"),
                       std::regex("kept\n[-0-9]{10} [:.0-9]{12} info one\n[-0-9]{10} [:.0-9]{12} warning two\n")))
      << content_of(folder / "log.txt");
}

TEST(Log, AFileThatCannotBeOpenedIsTheUsersError) {
  const TemporaryFolder folder;
  put_content(folder / "file", "");
  const std::string path = (folder / "file/log.txt").string();
  const std::string text = user_error([&] { set_log_file(path); });
  expect_contains(text, "`" + path + "` must be a file that log lines can be appended to");
  expect_contains(text, "Not a directory");
}

TEST(Log, AFullDiskDoesNotEndTheProgram) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
  const std::string written = captured_stderr([] {
    set_log_file("/dev/full");
    log_info("still alive");
    set_log_file("");
  });
  EXPECT_EQ(written, "retort: still alive\n");
}

TEST(Log, ThreadsDoNotMixTheirLines) {
  const std::string written = captured_stderr([] {
    std::vector<std::thread> writers;
    for (int t = 0; t < 4; ++t)
      writers.emplace_back([] {
        for (int i = 0; i < 200; ++i) log_info("abcdefghij");
      });
    for (std::thread& writer : writers) writer.join();
  });
  std::string expected;
  for (int i = 0; i < 800; ++i) expected += "retort: abcdefghij\n";
  EXPECT_EQ(written, expected);
}

}  // namespace
}  // namespace retort
