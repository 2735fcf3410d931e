// The device on which this process computes. Parameters, activations and gradients lie in its memory; text, features,
// files and metrics stay with the processor.
#pragma once

#include <c10/core/Device.h>

namespace retort::kernel {

// The processor unless set otherwise. Set it before the first tensor is made.
c10::Device device();
void set_device(c10::Device device);

// Sets the device for as long as the object lives; for tests.
class ScopedDevice {
 public:
  explicit ScopedDevice(c10::Device other) : before_(device()) { set_device(other); }
  ~ScopedDevice() { set_device(before_); }
  ScopedDevice(const ScopedDevice&) = delete;
  ScopedDevice& operator=(const ScopedDevice&) = delete;

 private:
  c10::Device before_;
};

}  // namespace retort::kernel
