#include "retort/kernel/cpu/kernel_table.h"

#include <cstdlib>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "retort/base/error.h"
#include "retort/kernel/cpu/isa_kernels.h"

namespace retort::kernel::cpu {

#if defined(__x86_64__)
namespace {

// Whether the processor has AMX with bfloat16 and the operating system lets this process use the tiles.
bool may_use_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  constexpr unsigned kAmxBf16 = 1u << 22, kAmxTile = 1u << 24;
  if ((d & kAmxBf16) == 0 || (d & kAmxTile) == 0) return false;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool has_avx512_bf16() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 5)) != 0;
}

const KernelTable& best_table() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return table_generic;
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (!has_avx512) return table_avx2;
  if (!has_avx512_bf16()) return table_avx512;
  return may_use_amx() && amx_works() ? table_amx : table_avx512_bf16;
}

}  // namespace
#else
namespace {
const KernelTable& best_table() { return table_generic; }
}  // namespace
#endif

namespace {

const KernelTable& choose_table() {
  const KernelTable& best = best_table();
  const char* wish = std::getenv("RETORT_CPU");
  if (wish == nullptr || *wish == 0 || std::string(wish) == best.name) return best;
#if defined(__x86_64__)
  const KernelTable* const ordered[] = {&table_generic, &table_avx2, &table_avx512, &table_avx512_bf16, &table_amx};
  for (const KernelTable* candidate : ordered) {
    if (std::string(wish) == candidate->name) return *candidate;
    if (candidate == &best) break;
  }
#endif
  throw UserError("`RETORT_CPU` must be an instruction set that this processor has, but is `{}`; the best here is `{}`",
                  wish, best.name);
}

}  // namespace

const KernelTable& kernel_table() {
  static const KernelTable& chosen = choose_table();
  return chosen;
}

template <>
const Kernels<float>& kernels<float>() {
  return kernel_table().f32;
}
template <>
const Kernels<Bf16>& kernels<Bf16>() {
  return kernel_table().bf16;
}

int64_t attention_scratch_bytes(int64_t length, int64_t width) {
  // The instruction set that needs most: every row count and width padded to 32, 4 bytes an element, 64 queries a
  // block.
  const int64_t rows = (length + 31) / 32 * 32, columns = (width + 31) / 32 * 32, block = 64;
  const int64_t backward =
      3 * rows * columns + 4 * columns * block + 5 * rows * block + 2 * rows * columns + columns * block;
  const int64_t forward = 2 * rows * columns + block * columns + 2 * block * rows + rows + block * columns;
  return 4 * (backward > forward ? backward : forward) + 20 * 64;
}

int64_t relation_scratch_bytes(int64_t length, int64_t student_width, int64_t teacher_width) {
  const auto padded = [](int64_t count, int64_t multiple) { return (count + multiple - 1) / multiple * multiple; };
  const int64_t rows = padded(length, 64), own = padded(student_width, 32), other = padded(teacher_width, 32);
  const int64_t block = 64, operands = rows * (2 * own + other) + block * (2 * own + other), scores = 4 * block * rows,
                gradients = 2 * rows * own;
  return 4 * (operands + scores + gradients) + 16 * 64;
}

}  // namespace retort::kernel::cpu
