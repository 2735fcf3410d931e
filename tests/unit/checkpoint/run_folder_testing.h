// What the tests of run folders share: a folder that goes away, checkpoints whose content says which they are, the
// process's own log lines, and children that can be killed.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "retort/base/error.h"
#include "retort/base/folder.h"
#include "retort/base/log.h"
#include "retort/checkpoint/run_folder.h"

namespace retort::checkpoint {

class RunFolderTest : public testing::Test {
 protected:
  RunFolderTest() {
    // In memory where possible: a sync costs nothing there, so that kills meet more of the other instants.
    const fs::path base = ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path();
    std::string pattern = (base / "retort_run_XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    set_log_file((root_ / "log.txt").string());
  }
  ~RunFolderTest() override {
    set_log_file("");
    fs::remove_all(root_);
  }

  fs::path out() const { return root_ / "out"; }
  std::string log_text() const { return read_file(root_ / "log.txt"); }

  fs::path root_;
};

inline std::string weights_of(int64_t step, size_t byte_count) {
  std::string bytes(byte_count, '\0');
  for (size_t i = 0; i < byte_count; ++i) bytes[i] = static_cast<char>(step * 31 + static_cast<int64_t>(i % 251));
  return bytes;
}

// A checkpoint of three files, one of them in a subfolder and one empty.
inline SaveRequest tiny_save(int64_t step, size_t byte_count = 64) {
  return {.step = step, .fill = [=](const fs::path& folder) {
            write_file_atomically(folder / "model.safetensors", weights_of(step, byte_count));
            make_folder(folder / "optimizer");
            write_file_atomically(folder / "optimizer" / "moments", weights_of(step + 1, byte_count));
            write_file_atomically(folder / "empty", "");
          }};
}

inline bool holds_step(const fs::path& checkpoint, int64_t step, size_t byte_count = 64) {
  return read_file(checkpoint / "model.safetensors") == weights_of(step, byte_count) &&
         read_file(checkpoint / "optimizer" / "moments") == weights_of(step + 1, byte_count);
}

// Runs `body` in a child that never returns to the test program; its exit code is what `body` gives, 99 on a throw.
inline pid_t start_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int code = 99;
  try {
    code = body();
  } catch (const std::exception& failure) {
    fmt::print(stderr, "child: {}\n", failure.what());
  }
  ::_exit(code);
}

inline int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

template <typename Body>
std::string user_error_of(const Body& body) {
  try {
    body();
  } catch (const UserError& failure) {
    return failure.what();
  }
  return "no error";
}

}  // namespace retort::checkpoint
