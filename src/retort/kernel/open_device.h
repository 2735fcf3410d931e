// Opens the device that --device names: loads its library and makes it the device of this process. The library and the
// CUDA parts of LibTorch are loaded only then (docs/decisions/0025-device-library.md).
#pragma once

#include <string>

#include "retort/kernel/device_library.h"

namespace retort::kernel {

// This process among those of its run on this machine.
struct LocalProcess {
  int64_t number = 0, count = 1;
};

// Makes `name` (see parse_device_name) the device of this process. Called before the first tensor operation, since
// LibTorch looks for its CUDA parts once. Without an index it is the device with the number of this process. `auto` is
// a CUDA device where there are a driver, everything that it needs and a device for each process, else the processor.
// Returns a line for the log; empty where nothing but the processor was looked at.
// Throws UserError, with the remedy, for a missing driver, library or index and for a library of another LibTorch.
std::string open_device(const std::string& name, const LocalProcess& process = {});

// What the library of device() offers. Null on the processor.
const DeviceLibrary* device_library();
// Returns when the device has done all that it was given. For timing.
void synchronize_device();

}  // namespace retort::kernel
