#include "retort/kernel/device_name.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "retort/base/error.h"

namespace retort::kernel {
namespace {

using Kind = DeviceName::Kind;

std::string message_of(const std::string& word) {
  try {
    parse_device_name(word);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(DeviceName, WordsWithAndWithoutIndex) {
  EXPECT_EQ(parse_device_name("auto").kind, Kind::kAuto);
  EXPECT_EQ(parse_device_name("cpu").kind, Kind::kCpu);
  EXPECT_EQ(parse_device_name("cuda").kind, Kind::kCuda);
  EXPECT_EQ(parse_device_name("cuda").index, std::nullopt);
  EXPECT_EQ(parse_device_name("cuda:0").index, 0);
  EXPECT_EQ(parse_device_name("cuda:127").index, 127);
}

TEST(DeviceName, OtherWordsAreRefused) {
  for (const char* word : {"", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:1x", "cuda:128", "cuda:0:1", "cuda: 1", "cpu:0",
                           "auto:1", "cuda:99999999999999999999"})
    EXPECT_EQ(message_of(word), "`device` must be auto, cpu, cuda or cuda:N, but is `" + std::string(word) + "`");
}

TEST(DeviceName, AnotherDeviceNeedsTheNameOfItsLibrary) {
  ::unsetenv(kDeviceLibraryVariable);
  EXPECT_NE(message_of("privateuseone:1").find("`RETORT_DEVICE_LIBRARY` must name"), std::string::npos);
  ::setenv(kDeviceLibraryVariable, "x.so", 1);
  EXPECT_EQ(parse_device_name("privateuseone:1").kind, Kind::kOther);
  EXPECT_EQ(parse_device_name("privateuseone:1").index, 1);
  ::unsetenv(kDeviceLibraryVariable);
}

}  // namespace
}  // namespace retort::kernel
