// What the tests of this folder share: a folder of each test's own, fixtures, messages of errors.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/json.h"

namespace retort::corpus {

class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) /
              (std::string(test->test_suite_name()) + "." + test->name() + "." + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, std::string_view content) const {
    fs::create_directories((folder_ / name).parent_path());
    write_file_atomically(folder_ / name, content);
    return folder_ / name;
  }

  fs::path folder_;
};

inline Json read_fixture(const std::string& name) {
  return read_json_file(fs::path(RETORT_FIXTURES) / "corpus" / name);
}

// The message of the UserError that `act` throws; empty when it throws none.
inline std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const UserError& error) {
    return error.what();
  }
  return {};
}

}  // namespace retort::corpus
