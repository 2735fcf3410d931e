// The built program as a shell sees it: exit codes, and what goes to which stream.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;

struct Outcome {
  int exit_code;
  std::string output;
};

// Runs `retort <tail>` in a shell; the tail may redirect.
Outcome run_program(const std::string& tail) {
  std::FILE* const pipe = ::popen((std::string(RETORT_PROGRAM) + " " + tail).c_str(), "r");
  Outcome outcome = {};
  std::array<char, 4096> buffer;
  while (const size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    outcome.output.append(buffer.data(), count);
  const int status = ::pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

TEST(Program, ResultsAreOnStandardOutput) {
  const Outcome outcome = run_program("version 2>/dev/null");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(outcome.output.starts_with("{\"version\":\"")) << outcome.output;
}

TEST(Program, ErrorsAreOnStandardErrorWithExitCode2) {
  const Outcome outcome = run_program("verison 2>&1 >/dev/null");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.output, "error: unknown command `verison`, did you mean `version`?\n");
}

TEST(Program, WithoutACommandShowsTheHelpAndFails) {
  EXPECT_EQ(run_program("2>/dev/null").output, "");
  const Outcome outcome = run_program("2>&1");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.output.find("usage: retort <command>"), std::string::npos);
  EXPECT_TRUE(outcome.output.ends_with("error: `retort` must be followed by a command, but is not\n"));
}

// Else the first file that is opened would be standard error, and every message would be written into it.
TEST(Program, WithoutStandardStreamsFilesHoldWhatTheyShould) {
  const fs::path folder = fs::temp_directory_path() / ("retort-streams-" + std::to_string(::getpid()));
  fs::create_directory(folder);
  std::ofstream(folder / "text.txt") << "the old mill\nthe dog\n";
  const auto tokens_of = [&](const std::string& streams) {
    fs::remove(folder / "out.tokens");
    run_program("data binarize --file_path " + (folder / "text.txt").string() +
                " --model " RETORT_FIXTURES "/distilbert_distillation/student_mlm --output_file " +
                (folder / "out.tokens").string() + streams);
    std::ifstream in(folder / "out.tokens", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string tokens = tokens_of(" 2>/dev/null");
  EXPECT_FALSE(tokens.empty());
  EXPECT_EQ(tokens_of(" 2>&-"), tokens);
  EXPECT_EQ(tokens_of(" <&- >&- 2>&-"), tokens);
  fs::remove_all(folder);
}

TEST(Program, TokenizeTakesAHubName) {
  const fs::path cache = fs::temp_directory_path() / ("retort-hub-" + std::to_string(::getpid())),
                 model = cache / "models--some--bert";
  fs::create_directories(model / "snapshots/abc");
  fs::create_directories(model / "refs");
  std::ofstream(model / "refs/main") << "abc";
  std::ofstream(model / "snapshots/abc/vocab.txt") << "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nmill\n";
  ::setenv("HF_HUB_CACHE", cache.c_str(), 1);
  const std::string text = (cache / "text.txt").string();
  std::ofstream(text) << "the mill\n";
  EXPECT_EQ(run_program("tokenize --model some/bert 2>/dev/null < " + text).output, "5 6\n");
  EXPECT_EQ(run_program("tokenize --model other/bert 2>/dev/null < " + text).exit_code, 2);
  ::unsetenv("HF_HUB_CACHE");
  fs::remove_all(cache);
}

TEST(Program, AResultThatDoesNotArriveIsAnError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
  for (const char* command : {"version", "--help"}) {
    const Outcome outcome = run_program(std::string(command) + " 2>&1 >/dev/full");
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.output,
              "error: `standard output` must be writable, but writing the result failed: No space left on device; "
              "redirect it to a file or to a pipe that stays open\n");
  }
}

}  // namespace
