// The words of --device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace retort::kernel {

struct DeviceName {
  // kOther is the device of the library that the environment variable RETORT_DEVICE_LIBRARY names.
  enum class Kind { kAuto, kCpu, kCuda, kOther };
  Kind kind = Kind::kAuto;
  std::optional<int64_t> index = {};  // of several devices of a kind
};

inline constexpr const char* kDeviceLibraryVariable = "RETORT_DEVICE_LIBRARY";

// Parses auto, cpu, cuda, cuda:N, and, where RETORT_DEVICE_LIBRARY is set, privateuseone and privateuseone:N. Throws
// UserError for other words.
DeviceName parse_device_name(const std::string& word);

}  // namespace retort::kernel
