// The implementation of the operations that runs: the reference in tensor operations, or the fused CPU kernels. Both
// give the same results up to rounding and draw the same dropout masks.
#pragma once

#include <string>

namespace retort::kernel {

enum class Implementation { kReference, kFused };

// The implementation of this process's operations (fused unless set otherwise). Set it before work starts.
Implementation implementation();
void set_implementation(Implementation choice);

// Sets an implementation for as long as the object lives; for tests.
class ScopedImplementation {
 public:
  explicit ScopedImplementation(Implementation choice) : before_(implementation()) { set_implementation(choice); }
  ~ScopedImplementation() { set_implementation(before_); }
  ScopedImplementation(const ScopedImplementation&) = delete;
  ScopedImplementation& operator=(const ScopedImplementation&) = delete;

 private:
  Implementation before_;
};

// The instruction set that the fused kernels use here, for logs: "avx512_bf16", ...
std::string fused_instruction_set();

}  // namespace retort::kernel
