// See program.h. Streams are files, since a pipe could fill up and block the program.
#include "cli/program.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "retort/base/error.h"

namespace retort::program {
namespace {

void take_file(const fs::path& path, int flags, int as_descriptor) {
  const int descriptor = ::open(path.c_str(), flags, 0600);
  if (descriptor < 0 || ::dup2(descriptor, as_descriptor) < 0) ::_exit(120);
}

void apply(const Limits& limits) {
  if (!limits.directory.empty() && ::chdir(limits.directory.c_str()) != 0) ::_exit(121);
  for (const auto& [name, value] : limits.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (limits.file_bytes == 0) return;
  const rlimit limit{static_cast<rlim_t>(limits.file_bytes), static_cast<rlim_t>(limits.file_bytes)};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(122);
}

}  // namespace

Json Outcome::last_line() const {
  const size_t end = output.find_last_not_of('\n');
  if (end == std::string::npos) return nullptr;
  const size_t before = output.rfind('\n', end);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  const Json line = Json::parse(output.substr(begin, end + 1 - begin), nullptr, false);
  return line.is_object() ? line : Json();
}

bool Outcome::is_one_line() const { return !output.empty() && output.find('\n') == output.size() - 1; }

Process::Process(const Words& arguments, const std::string& input, const Limits& limits) {
  write_file_atomically(streams_ / "in", input);
  std::vector<char*> words{const_cast<char*>(RETORT_PROGRAM)};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const fs::path in = streams_ / "in", out = streams_ / "out", errors = streams_ / "errors";
  pid_ = ::fork();
  RETORT_CHECK(pid_ >= 0, "fork failed");
  if (pid_ != 0) return;
  take_file(in, O_RDONLY, STDIN_FILENO);
  take_file(out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  take_file(errors, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  apply(limits);
  ::setenv("OMP_NUM_THREADS", "1", 1);  // for the reason in tiny::squad_settings
  ::execv(RETORT_PROGRAM, words.data());
  ::_exit(123);
}

Process::~Process() {
  if (!is_running()) return;
  send(SIGKILL);
  wait();
}

void Process::send(int signal_number) const { ::kill(pid_, signal_number); }

bool Process::is_running() {
  if (!has_ended_) has_ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return !has_ended_;
}

Outcome Process::wait() {
  if (!has_ended_) ::waitpid(pid_, &status_, 0);
  has_ended_ = true;
  return {.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_),
          .output = read_file(streams_ / "out"),
          .errors = read_file(streams_ / "errors")};
}

Outcome run(const Words& arguments, const std::string& input, const Limits& limits) {
  return Process(arguments, input, limits).wait();
}

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Words finetune_squad_words(const fs::path& output_dir, const Words& more) {
  return with(words_of_config({"finetune", "squad"}, tiny::squad_settings(output_dir), output_dir), more);
}

}  // namespace retort::program
