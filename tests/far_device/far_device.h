// What tests read and set of the far device.
#pragma once

#include <cstdint>

namespace retort::far_device {

struct Counts {
  int64_t reads;       // times that the processor waited for values: copies to it, and shapes that depend on values
  int64_t uploads;     // copies from the processor's memory
  int64_t operations;  // operations that ran on the device
  int64_t peak_bytes;  // most bytes that were allocated at a time
};

}  // namespace retort::far_device

extern "C" {
retort::far_device::Counts retort_far_counts();
void retort_far_reset_counts();  // the peak becomes what is allocated now
void retort_far_limit_bytes(
    int64_t bytes);  // what can be allocated; the variable RETORT_FAR_BYTES sets it at the start
}
