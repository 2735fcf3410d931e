// libretort_cuda.so: what CUDA devices offer. The program loads it on --device cuda (kernel/open_device.h), after
// LibTorch's own parts for CUDA.
#pragma once

#include "retort/kernel/device_library.h"

extern "C" const retort::kernel::DeviceLibrary* retort_device_library();
