// One target as a libFuzzer program: https://llvm.org/docs/LibFuzzer.html. No handler catches the target's exceptions,
// so they end the process with the stack of the throw.
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
