// Failures into words and exit codes.
#include "retort/cli/exit_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <new>
#include <system_error>

#include "retort/base/error.h"

namespace retort::cli {
namespace {

// Exit code of an action that throws `failure`, and what it wrote.
template <typename Failure>
std::pair<int, std::string> outcome(const Failure& failure) {
  testing::internal::CaptureStderr();
  const int exit_code = exit_code_of([&]() -> int { throw failure; });
  return {exit_code, testing::internal::GetCapturedStderr()};
}

using Outcome = std::pair<int, std::string>;

TEST(ExitCode, OfAnActionThatReturns) {
  EXPECT_EQ(exit_code_of([] { return 0; }), 0);
  EXPECT_EQ(exit_code_of([] { return 1; }), 1);
}

TEST(ExitCode, UserErrorsOneLineEach) {
  EXPECT_EQ(outcome(UserError("`a` is bad")), Outcome(2, "error: `a` is bad\n"));
  EXPECT_EQ(outcome(UserError("`a` {}\n`b` {}", 1, 2)), Outcome(2, "error: `a` 1\nerror: `b` 2\n"));
}

TEST(ExitCode, AMessageOfAnyNumberOfLinesIsCut) {
  const auto [exit_code, text] = outcome(UserError("`a` is bad:{}", std::string(1'000'000, '\n')));
  EXPECT_EQ(exit_code, 2);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 101);
  EXPECT_TRUE(text.ends_with("error: ... and 999900 bytes more\n")) << text.substr(text.size() - 60);
}

TEST(ExitCode, DivergenceAndInterruption) {
  EXPECT_EQ(outcome(DivergenceError("loss is NaN")), Outcome(3, "error: loss is NaN\n"));
  EXPECT_EQ(outcome(Interrupted(SIGINT, "saved")), Outcome(130, "retort: saved\n"));
  EXPECT_EQ(outcome(Interrupted(SIGTERM, "saved")).first, 143);
}

TEST(ExitCode, OurBugsNameFileAndLine) {
  const auto [exit_code, text] = outcome(InternalError("a.cpp", 12, "rows differ"));
  EXPECT_EQ(exit_code, 70);
  EXPECT_TRUE(text.starts_with("error: internal error: a.cpp:12: rows differ\nerror: this is a bug of retort; "))
      << text;
}

TEST(ExitCode, ForeignErrorsShowTheirFirstLine) {
  const auto [exit_code, text] = outcome(std::runtime_error("shapes differ\n#0 stack\n#1 stack"));
  EXPECT_EQ(exit_code, 70);
  EXPECT_TRUE(text.starts_with("error: internal error: shapes differ\n")) << text;
  EXPECT_EQ(text.find("stack"), text.npos);
}

TEST(ExitCode, ThreadsThatCannotBeStartedAreNoBug) {
  const auto none = std::make_error_code(std::errc::resource_unavailable_try_again);
  EXPECT_EQ(outcome(std::system_error(none, "pthread_create")),
            Outcome(2,
                    "error: `threads` must be startable, but the system starts no more; raise the limit on processes "
                    "(ulimit -u, pids.max) or lower --threads\n"));
  EXPECT_EQ(outcome(std::system_error(std::make_error_code(std::errc::invalid_argument))).first, 70);
}

TEST(ExitCode, ExhaustedMemoryAndDisksAreNoBug) {
  const std::string memory =
      "error: `memory` must hold the model and its activations, but the system has no more; lower the batch size or "
      "the sequence length\n";
  EXPECT_EQ(outcome(std::bad_alloc()), Outcome(2, memory));
  EXPECT_EQ(outcome(std::runtime_error("CUDA out of memory. Tried to allocate 2.00 GiB")), outcome(std::bad_alloc()));
  EXPECT_EQ(outcome(std::runtime_error("[enforce] DefaultCPUAllocator: can't allocate memory: 8 bytes")),
            Outcome(2, memory));
  const auto denied = std::make_error_code(std::errc::permission_denied);
  EXPECT_EQ(outcome(std::filesystem::filesystem_error("cannot copy", "/a", denied)).first, 2);
}

}  // namespace
}  // namespace retort::cli
