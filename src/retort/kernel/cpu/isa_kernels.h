// The kernel tables of isa_kernels.cpp, which is compiled once for each instruction set.
#pragma once

#include "retort/kernel/cpu/kernel_table.h"

namespace retort::kernel::cpu {

extern const KernelTable table_generic;
#if defined(__x86_64__)
extern const KernelTable table_avx2, table_avx512, table_avx512_bf16, table_amx;

// Compares one GEMM in the AMX tiles with plain sums: an operating system may grant the tiles and not preserve them.
bool amx_works();
#endif

}  // namespace retort::kernel::cpu
