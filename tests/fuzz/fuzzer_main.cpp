// One target as a libFuzzer program: https://llvm.org/docs/LibFuzzer.html. What the target throws ends the process with
// the stack of the throw, because nobody catches it.
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.h"
#include "retort/base/log.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  retort::show_errors_only("");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t byte_count) {
  retort::fuzz::RETORT_FUZZ_TARGET({reinterpret_cast<const char*>(bytes), byte_count});
  return 0;
}
