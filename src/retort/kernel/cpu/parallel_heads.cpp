#include "retort/kernel/cpu/parallel_heads.h"

#include <algorithm>
#include <numeric>

#include "retort/base/thread.h"
#include "retort/kernel/cpu/thread_scratch.h"

namespace retort::kernel::cpu {

namespace {

int64_t length_of(const TokenRows& rows, int64_t sequence) { return rows.starts[sequence + 1] - rows.starts[sequence]; }

}  // namespace

void parallel_for_heads(const TokenRows& rows, int64_t heads, int64_t scratch_bytes,
                        const std::function<void(int64_t sequence, int64_t head, void* scratch)>& body) {
  std::vector<int64_t> order(static_cast<size_t>(rows.sequences()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return length_of(rows, a) > length_of(rows, b); });
  parallel_for(rows.sequences() * heads, 1, [&](int64_t begin, int64_t end) {
    void* scratch = thread_scratch(static_cast<size_t>(scratch_bytes));
    for (int64_t i = begin; i < end; ++i) body(order[i / heads], i % heads, scratch);
  });
}

}  // namespace retort::kernel::cpu
