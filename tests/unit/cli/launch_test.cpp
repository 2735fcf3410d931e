// `retort launch`: its words, the variables of its processes, and what becomes of them when one fails.
#include "retort/cli/launch.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include "retort/base/error.h"

namespace retort::cli {
namespace {

using Words = std::vector<std::string>;

LaunchConfig parse(const Words& words, const std::map<std::string, std::string>& variables = {}) {
  return parse_launch(words, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string refusal(const Words& words) {
  try {
    parse(words);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Launch, TheCommandFollowsTheFlags) {
  for (const Words& words : {Words{"-n", "4", "pretrain", "--phase", "1", "-h"},
                             Words{"--nproc_per_node=4", "pretrain", "--phase", "1", "-h"},
                             Words{"--processes", "4", "--", "pretrain", "--phase", "1", "-h"}}) {
    const LaunchConfig config = parse(words);
    EXPECT_EQ(config.processes, 4);
    EXPECT_EQ(config.command, (Words{"pretrain", "--phase", "1", "-h"}));
  }
  EXPECT_EQ(parse({"version"}).processes, 1);
}

TEST(Launch, RanksAreThoseOfTorchrun) {
  const LaunchConfig config = parse({"-n", "2", "--nnodes", "3", "--node_rank", "1", "--master_addr", "n0", "version"});
  const auto processes = launched_processes(config, "retort");
  ASSERT_EQ(processes.size(), 2u);
  EXPECT_EQ(processes[1].words, (Words{"retort", "version"}));
  EXPECT_EQ(processes[1].name, "rank 3");
  for (const auto& [name, value] : std::map<std::string, std::string>{{"RANK", "3"},
                                                                      {"WORLD_SIZE", "6"},
                                                                      {"LOCAL_RANK", "1"},
                                                                      {"LOCAL_WORLD_SIZE", "2"},
                                                                      {"MASTER_ADDR", "n0"},
                                                                      {"MASTER_PORT", "29500"}})
    EXPECT_EQ(processes[1].environment.at(name), value) << name;
}

TEST(Launch, MachinesComeFromTheEnvironmentToo) {
  const LaunchConfig config = parse({"-n", "8", "version"}, {{"MULTI_HLS_IPS", "a,b,c"}, {"NODE_RANK", "2"}});
  EXPECT_EQ(config.nnodes, 3);
  EXPECT_EQ(config.node_rank, 2);
  EXPECT_EQ(config.master_addr, "a");
  EXPECT_EQ(parse({"--nnodes", "4", "version"}, {{"N_NODES", "2"}, {"MASTER_ADDR", "x"}}).nnodes, 4);
}

TEST(Launch, WrongWordsAreRefused) {
  EXPECT_EQ(refusal({"-n", "2"}),
            "`retort launch -n 2` must be followed by a command of retort, but is not; for example `pretrain`");
  EXPECT_EQ(refusal({"-n", "2", "--nnodes", "2", "version"}),
            "`master_addr` must name machine 0, as there are 2 machines, but is missing");
  EXPECT_EQ(refusal({"--nnodes", "2", "--node_rank", "2", "version"}),
            "`node_rank` must be 0 to 1, as there are 2 machines, but is 2");
  EXPECT_NE(refusal({"-n", "many", "version"}).find("`--processes`"), std::string::npos);
}

LaunchedProcess shell(const std::string& line) {
  return {.words = {"sh", "-c", line}, .environment = {{"WORD", "7"}}, .name = "rank of " + line};
}

TEST(LaunchedProcesses, TheExitCodeIsThatOfTheFirstThatFails) {
  EXPECT_EQ(run_launched({shell("exit 0"), shell("exit 0")}), 0);
  EXPECT_EQ(run_launched({shell("exit 0"), shell("exit $WORD"), shell("sleep 0.5; exit 9")}), 7);
  EXPECT_EQ(run_launched({shell("kill -9 $$"), shell("sleep 0.5; exit 75")}), 128 + SIGKILL);
}

TEST(LaunchedProcesses, TheOthersAreEndedWhenTheyDoNotEnd) {
  const auto begin = std::chrono::steady_clock::now();
  const LaunchPatience patience{.before_terminate = std::chrono::seconds(0), .before_kill = std::chrono::seconds(1)};
  EXPECT_EQ(run_launched({shell("exit 3"), shell("exec sleep 60"), shell("trap '' TERM; while :; do sleep 1; done")},
                         patience),
            3);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(LaunchedProcesses, GetTheSignalsOfTheLauncher) {
  const pid_t own = ::getpid();
  const pid_t sender = ::fork();
  if (sender == 0) {
    ::usleep(700'000);
    ::kill(own, SIGUSR1);
    ::_exit(0);
  }
  EXPECT_EQ(run_launched({shell("trap 'exit 5' USR1; while :; do sleep 0.1; done")}), 5);
  ::waitpid(sender, nullptr, 0);
}

}  // namespace
}  // namespace retort::cli
