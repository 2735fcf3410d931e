// Work that is done for every attention head of every sequence, spread over the threads.
#pragma once

#include <functional>

#include "retort/kernel/token_rows.h"

namespace retort::kernel::cpu {

// Calls body(sequence, head, scratch) for each, from several threads; the longest sequences come first so that no
// thread is left with one at the end. `scratch` is the thread's own, 64-byte aligned and of at least `scratch_bytes`.
void parallel_for_heads(const TokenRows& rows, int64_t heads, int64_t scratch_bytes,
                        const std::function<void(int64_t sequence, int64_t head, void* scratch)>& body);

// Tokens of the longest sequence; 0 when there is none.
int64_t longest_sequence(const TokenRows& rows);

}  // namespace retort::kernel::cpu
