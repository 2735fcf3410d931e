#include "retort/kernel/implementation.h"

#include <atomic>

#include "retort/kernel/cpu/kernel_table.h"

namespace retort::kernel {

namespace {
std::atomic<Implementation> chosen = Implementation::kFused;
}  // namespace

Implementation implementation() { return chosen; }
void set_implementation(Implementation choice) { chosen = choice; }
std::string fused_instruction_set() { return cpu::kernel_table().name; }

}  // namespace retort::kernel
