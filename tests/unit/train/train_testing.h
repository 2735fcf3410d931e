// A folder that goes away after the test, and the text of a UserError.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <string>
#include <string_view>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/log.h"

namespace retort::train {

class TrainSupportTest : public testing::Test {
 protected:
  TrainSupportTest() {
    std::string pattern = (fs::temp_directory_path() / "retort_train_XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    set_log_file((root_ / "log.txt").string());
  }
  ~TrainSupportTest() override {
    set_log_file("");
    fs::remove_all(root_);
  }

  std::string log_text() const { return read_file(root_ / "log.txt"); }

  fs::path root_;
};

// A locale that writes 2,5 for 2.5, for the life of the object; compiled into `folder` when the system has only its
// source.
class DecimalComma {
 public:
  explicit DecimalComma(const fs::path& folder) : was_entered_(try_locale("de_DE.UTF-8")) {
    const std::string command =
        fmt::format("localedef -i de_DE -f UTF-8 {}/de_DE.UTF-8 >/dev/null 2>&1", folder.string());
    if (was_entered_ || std::system(command.c_str()) != 0) return;
    ::setenv("LOCPATH", folder.c_str(), 1);
    was_entered_ = try_locale("de_DE.UTF-8");
  }
  ~DecimalComma() {
    std::setlocale(LC_ALL, "C");
    ::unsetenv("LOCPATH");
  }

  bool was_entered() const { return was_entered_; }

 private:
  static bool try_locale(const char* name) {
    return std::setlocale(LC_ALL, name) != nullptr && std::string_view(std::localeconv()->decimal_point) == ",";
  }

  bool was_entered_;
};

template <typename Body>
std::string user_error_of(const Body& body) {
  try {
    body();
  } catch (const UserError& failure) {
    return failure.what();
  }
  return "no error";
}

}  // namespace retort::train
