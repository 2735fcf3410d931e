// A parallel loop over the attention heads of all sequences.
#pragma once

#include <functional>

#include "retort/kernel/token_rows.h"

namespace retort::kernel::cpu {

// Calls body(sequence, head, scratch) for each head of each sequence, from several threads; it starts with the longest
// sequences, so that the threads end at about the same time. `scratch` belongs to the calling thread, is 64-byte
// aligned and holds at least `scratch_bytes`.
void parallel_for_heads(const TokenRows& rows, int64_t heads, int64_t scratch_bytes,
                        const std::function<void(int64_t sequence, int64_t head, void* scratch)>& body);

}  // namespace retort::kernel::cpu
