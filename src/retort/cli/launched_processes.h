// The processes that `retort launch` starts: it waits for them, passes signals on, and ends the others when one fails.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace retort::cli {

// One process: words of its command line, the first of which is the program, and what it has in its environment.
struct LaunchedProcess {
  std::vector<std::string> words;
  std::map<std::string, std::string> environment;
  std::string name;  // "rank 2", for messages
};

// How long the others of a failed process may take: they name it, and rank 0 saves, by themselves.
struct LaunchPatience {
  std::chrono::seconds before_terminate{20};
  std::chrono::seconds before_kill{120};  // after that
};

// Starts all and returns when all have ended: 0, or the exit code of the one that failed first (128 + signal), which is
// named on standard error. SIGINT, SIGTERM, SIGHUP and SIGUSR1 to this process go to all of them, and theirs is the
// exit code then. They die with this process. Call it from a program of one thread. Throws UserError when a program
// cannot be started.
int run_launched(const std::vector<LaunchedProcess>& processes, const LaunchPatience& patience = {});

}  // namespace retort::cli
