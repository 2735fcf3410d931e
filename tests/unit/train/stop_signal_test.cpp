// Signals are sent to children that behave like a trainer: a loop of steps, a save, the exit code of Interrupted.
#include "retort/train/stop_signal.h"

#include <sys/wait.h>

#include <functional>

#include "unit/train/train_testing.h"

namespace retort::train {
namespace {

constexpr int kStuckSeconds = 30;  // a child that does not stop is ended by SIGALRM, which fails the test

struct Child {
  pid_t process_id = 0;
  int ready = 0;
};

Child start_child(const std::function<int(int ready)>& body) {
  int ends[2];
  if (::pipe(ends) != 0) ADD_FAILURE() << "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(kStuckSeconds);
    ::_exit(body(ends[1]));
  }
  ::close(ends[1]);
  char byte;
  EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  return {child, ends[0]};
}

int wait_for(const Child& child) {
  int status = 0;
  ::waitpid(child.process_id, &status, 0);
  ::close(child.ready);
  return status;
}

int train_until_stopped(int ready, const fs::path& saved) {
  try {
    const StopSignal stop;
    for (int64_t step = 1;; ++step) {
      ::usleep(1000);
      if (step == 1 && ::write(ready, "x", 1) != 1) return 1;
      if (stop.requested() == 0) continue;
      write_file_atomically(saved, "state");
      stop.throw_if_requested(fmt::format("step {}", step), saved.string());
    }
  } catch (const Interrupted& stopped) {
    return stopped.exit_code;
  }
}

class StopSignalTest : public TrainSupportTest, public testing::WithParamInterface<std::pair<int, int>> {};

TEST_P(StopSignalTest, ASignalEndsTheRunAfterSaving) {
  const auto [signal_number, exit_code] = GetParam();
  const Child child = start_child([&](int ready) {
    ::signal(SIGHUP, SIG_DFL);  // also where these tests run under nohup
    return train_until_stopped(ready, root_ / "saved");
  });
  ::kill(child.process_id, signal_number);
  const int status = wait_for(child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), exit_code);
  EXPECT_EQ(read_file(root_ / "saved"), "state");
}

INSTANTIATE_TEST_SUITE_P(Signals, StopSignalTest,
                         testing::Values(std::pair(SIGINT, 130), std::pair(SIGTERM, 143),
                                         std::pair(SIGUSR1, 128 + SIGUSR1), std::pair(SIGHUP, 129)));

TEST(StopSignalHangUpTest, StaysIgnoredUnderNohup) {
  const Child child = start_child([](int ready) {
    ::signal(SIGHUP, SIG_IGN);
    const StopSignal stop;
    if (::write(ready, "x", 1) != 1) return 1;
    ::raise(SIGHUP);
    return stop.requested();
  });
  EXPECT_EQ(wait_for(child), 0);
}

TEST(StopSignalTwiceTest, ASecondInterruptEndsAStuckRunAtOnce) {
  for (const int first : {SIGINT, SIGTERM}) {
    const Child child = start_child([](int ready) {
      const StopSignal stop;
      if (::write(ready, "x", 1) != 1) return 1;
      while (true) ::pause();  // a step that never ends
    });
    ::kill(child.process_id, first);
    ::usleep(50000);  // two pending signals of one number would be one
    ::kill(child.process_id, SIGINT);
    const int status = wait_for(child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 130);
  }
}

TEST(StopSignalTwiceTest, ASecondTermDoesNotCutTheSaveShort) {
  const Child child = start_child([](int ready) {
    const StopSignal stop;
    if (::write(ready, "x", 1) != 1) return 1;
    while (stop.requested() == 0) ::usleep(1000);
    ::raise(SIGTERM);
    return stop.requested();
  });
  ::kill(child.process_id, SIGTERM);
  EXPECT_EQ(WEXITSTATUS(wait_for(child)), SIGTERM);
}

TEST(StopSignalScopeTest, EarlierHandlersComeBackAndTheFlagStartsClear) {
  {
    const StopSignal stop;
    ::raise(SIGUSR1);
    EXPECT_EQ(stop.requested(), SIGUSR1);
  }
  struct sigaction now = {};
  ::sigaction(SIGUSR1, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
  const StopSignal stop;
  EXPECT_EQ(stop.requested(), 0);
  EXPECT_NO_THROW(stop.throw_if_requested("step 3"));
}

TEST(StopSignalScopeTest, OneInsideAnotherLeavesTheCatchingToIt) {
  const StopSignal outer;
  {
    const StopSignal inner;
    ::raise(SIGTERM);
    EXPECT_EQ(inner.requested(), SIGTERM);
  }
  EXPECT_EQ(outer.requested(), SIGTERM);
  ::raise(SIGTERM);  // would end the test, were it not caught any more
  EXPECT_THROW(throw_if_stopped(), Interrupted);
}

TEST(StopSignalScopeTest, NothingIsStoppedWhereNoneLives) {
  {
    const StopSignal stop;
    ::raise(SIGTERM);
  }
  EXPECT_NO_THROW(throw_if_stopped());
}

TEST(StopSignalScopeTest, TheReasonTellsHowToContinue) {
  const StopSignal stop;
  ::raise(SIGTERM);
  const auto reason = [&](const std::string& saved_as) -> std::string {
    try {
      stop.throw_if_requested("step 40", saved_as);
    } catch (const Interrupted& stopped) {
      return stopped.what();
    }
    return "";
  };
  EXPECT_EQ(reason("out/checkpoint-40"),
            "stopped by SIGTERM after step 40; saved as `out/checkpoint-40`, --resume continues from there");
  EXPECT_EQ(reason(""), "stopped by SIGTERM after step 40; nothing could be saved");
}

}  // namespace
}  // namespace retort::train
