// A device library that the program must refuse. Environment variables say why:
//   TEST_TORCH_VERSION  the LibTorch that it says it was built for (default: the right one)
//   TEST_DEVICE_COUNT   its devices; a word is the reason why they cannot be counted
//   TEST_DEVICE_TYPE    cuda: it says that it is of CUDA
#include <torch/headeronly/version.h>

#include <cstdlib>
#include <stdexcept>

#include "retort/kernel/device_library.h"

namespace {

std::string variable_or(const char* name, const char* standard) {
  const char* const value = std::getenv(name);
  return value == nullptr ? standard : value;
}

int64_t count_test_devices() {
  const std::string text = variable_or("TEST_DEVICE_COUNT", "0");
  char* end = nullptr;
  const int64_t count = std::strtol(text.c_str(), &end, 10);
  return *end == '\0' ? count : throw std::runtime_error(text);
}

}  // namespace

extern "C" const retort::kernel::DeviceLibrary* retort_device_library() {
  static const std::string version = variable_or("TEST_TORCH_VERSION", TORCH_VERSION);
  static const bool is_cuda = variable_or("TEST_DEVICE_TYPE", "") == "cuda";
  static const retort::kernel::DeviceLibrary library{
      .torch_version = version.c_str(),
      .type = is_cuda ? c10::DeviceType::CUDA : c10::DeviceType::PrivateUse1,
      .device_count = count_test_devices};
  return &library;
}
