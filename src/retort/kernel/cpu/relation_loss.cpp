#include "retort/kernel/relation_loss.h"

#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <numeric>

#include "retort/kernel/cpu/engine.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/parallel_heads.h"
#include "retort/kernel/cpu/tensor_elements.h"

namespace retort::kernel {

namespace {

// The columns of one head's x, and how many columns after them those of y begin.
struct HeadColumns {
  int64_t width, first, y_offset;
};

HeadColumns columns_of(const at::Tensor& rows, int64_t head, const RelationLossOptions& options) {
  const bool is_self = options.relation == Relation::kSelf;
  const int64_t all = rows.size(1) / (is_self ? 1 : 3), width = all / options.heads;
  return {width, head * width, is_self ? 0 : all};
}

template <typename T>
cpu::RelationSide<T> make_side(const at::Tensor& rows, int64_t first_row, const HeadColumns& columns) {
  const T* x = cpu::data_ptr<T>(rows) + first_row * rows.size(1) + columns.first;
  return {columns.width, rows.size(1), static_cast<float>(1 / std::sqrt(static_cast<double>(columns.width))), x,
          x + columns.y_offset};
}

// Returns the sum and fills `gradient` when it is defined. It adds the sums of the heads in their order, so any thread
// count gives equal bits.
template <typename T>
double relation_loss_heads(const at::Tensor& student, const at::Tensor& teacher, const at::Tensor& gradient,
                           const TokenRows& rows, const RelationLossOptions& options) {
  std::vector<double> sums(static_cast<size_t>(rows.sequences() * options.heads));
  const int64_t bytes = cpu::relation_scratch_bytes(rows.longest(), columns_of(student, 0, options).width,
                                                    columns_of(teacher, 0, options).width);
  cpu::parallel_for_heads(rows, options.heads, bytes, [&](int64_t sequence, int64_t head, void* scratch) {
    const int64_t first = rows.starts[sequence];
    const HeadColumns own = columns_of(student, head, options);
    cpu::RelationHead<T> h;
    h.length = rows.starts[sequence + 1] - first;
    h.distance = options.distance;
    h.student = make_side<T>(student, first, own);
    h.teacher = make_side<T>(teacher, first, columns_of(teacher, head, options));
    if (gradient.defined()) {
      h.grad_x = cpu::data_ptr<T>(gradient) + first * gradient.size(1) + own.first;
      h.grad_y = options.relation == Relation::kSelf ? nullptr : h.grad_x + own.y_offset;
    }
    sums[sequence * options.heads + head] = cpu::kernels<T>().relation_loss(h, scratch);
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace

LossResult CpuEngine::relation_loss(const at::Tensor& student, const at::Tensor& teacher, const TokenRows& rows,
                                    const RelationLossOptions& options, bool with_gradient) const {
  LossResult result;
  if (with_gradient) result.gradient = at::zeros_like(student);
  double total = 0;
  cpu::dispatch_element_type(student, [&](auto element) {
    total = relation_loss_heads<decltype(element)>(student, teacher, result.gradient, rows, options);
  });
  result.total = at::scalar_tensor(total, at::kFloat);
  return result;
}

}  // namespace retort::kernel
