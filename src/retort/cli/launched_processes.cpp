#include "retort/cli/launched_processes.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "retort/base/error.h"
#include "retort/base/log.h"

namespace retort::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPassedOn[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
constexpr int kCannotStart = 127;  // as a shell says it

sigset_t waited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal_number : kPassedOn) sigaddset(&signals, signal_number);
  sigaddset(&signals, SIGCHLD);
  return signals;
}

int exit_code_of_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

std::string end_of(int status) {
  return WIFEXITED(status) ? fmt::format("with exit code {}", WEXITSTATUS(status))
                           : fmt::format("by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
}

// In the started process. It leads a process group of its own, so that a terminal's signal reaches it once: from here.
[[noreturn]] void become(const LaunchedProcess& process, const sigset_t& mask, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kCannotStart);  // it died before the line above
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  for (const auto& [name, value] : process.environment) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> words;
  for (const std::string& word : process.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  ::_exit(kCannotStart);
}

class Launched {
 public:
  Launched(const std::vector<LaunchedProcess>& processes, const LaunchPatience& patience)
      : processes_(processes), patience_(patience) {
    const sigset_t signals = waited_signals();
    ::sigprocmask(SIG_BLOCK, &signals, &mask_before_);
  }
  ~Launched() { ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr); }
  Launched(const Launched&) = delete;
  Launched& operator=(const Launched&) = delete;

  int run() {
    const pid_t own = ::getpid();
    for (size_t i = 0; i < processes_.size(); ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) become(processes_[i], mask_before_, own);
      if (pid < 0) {
        const int reason = errno;
        send_to_all(SIGKILL);
        throw UserError("{} must be started, but is not: {}", processes_[i].name, std::strerror(reason));
      }
      running_[pid] = i;
    }
    while (!running_.empty()) wait_a_moment();
    return exit_code_;
  }

 private:
  void send_to_all(int signal_number) const {
    for (const auto& [pid, number] : running_) ::kill(pid, signal_number);
  }

  void wait_a_moment() {
    const sigset_t signals = waited_signals();
    const timespec most{.tv_sec = 1, .tv_nsec = 0};
    const int signal_number = ::sigtimedwait(&signals, nullptr, &most);
    if (signal_number > 0 && signal_number != SIGCHLD) {
      is_stopped_ = true;
      send_to_all(signal_number);
    }
    collect_ended();
    end_the_others();
  }

  void collect_ended() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto found = running_.find(pid);
      if (found == running_.end()) continue;
      const std::string& name = processes_[found->second].name;
      running_.erase(found);
      const int exit_code = exit_code_of_status(status);
      if (exit_code == 0 || exit_code_ != 0) continue;
      exit_code_ = exit_code, failed_at_ = Clock::now();
      if (!is_stopped_) log_warning("{} (pid {}) failed first, {}", name, pid, end_of(status));
    }
  }

  // When one has failed, and no signal asks all to stop by themselves.
  void end_the_others() {
    if (exit_code_ == 0 || is_stopped_ || running_.empty()) return;
    const auto passed = Clock::now() - failed_at_;
    if (passed > patience_.before_terminate && !is_terminated_) {
      is_terminated_ = true;
      log_warning("ending the other {} processes", running_.size());
      send_to_all(SIGTERM);
    }
    if (passed > patience_.before_terminate + patience_.before_kill) send_to_all(SIGKILL);
  }

  const std::vector<LaunchedProcess>& processes_;
  const LaunchPatience patience_;
  sigset_t mask_before_;
  std::map<pid_t, size_t> running_;
  int exit_code_ = 0;
  bool is_stopped_ = false, is_terminated_ = false;
  Clock::time_point failed_at_;
};

}  // namespace

int run_launched(const std::vector<LaunchedProcess>& processes, const LaunchPatience& patience) {
  return Launched(processes, patience).run();
}

}  // namespace retort::cli
