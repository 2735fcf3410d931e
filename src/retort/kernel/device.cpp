#include "retort/kernel/device.h"

namespace retort::kernel {

namespace {
c10::Device chosen_device = c10::kCPU;
}  // namespace

c10::Device device() { return chosen_device; }
void set_device(c10::Device device) { chosen_device = device; }

}  // namespace retort::kernel
