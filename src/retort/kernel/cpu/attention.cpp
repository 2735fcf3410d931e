#include "retort/kernel/attention.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <cmath>

#include "retort/kernel/cpu/engine.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/parallel_heads.h"
#include "retort/kernel/cpu/tensor_elements.h"

namespace retort::kernel {

namespace {

// The tensors of one call; in the forward pass the gradients are undefined.
struct AttentionTensors {
  at::Tensor qkv, out, log_sums;  // [T, 3*A*D], [T, A*D], [A, T] float32
  at::Tensor grad_out, grad_qkv;
};

template <typename T>
cpu::AttentionHead<T> make_head(const AttentionTensors& t, const TokenRows& rows, int64_t heads, const Dropout& dropout,
                                int64_t sequence, int64_t head) {
  const int64_t all = t.out.size(1), width = all / heads, first = rows.starts[sequence];
  const auto at_row = [&](const at::Tensor& tensor, int64_t column) {
    return tensor.defined() ? cpu::data_ptr<T>(tensor) + first * tensor.size(1) + column : nullptr;
  };
  cpu::AttentionHead<T> h;
  h.length = rows.starts[sequence + 1] - first, h.width = width;
  h.stride = 3 * all, h.out_stride = all;
  h.q = at_row(t.qkv, head * width), h.k = at_row(t.qkv, all + head * width),
  h.v = at_row(t.qkv, 2 * all + head * width);
  h.out = at_row(t.out, head * width);
  h.log_sum = cpu::data_ptr<float>(t.log_sums) + head * rows.tokens() + first;
  h.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(width)));
  if (dropout.active()) {
    h.row_keys = cpu::data_ptr<int64_t>(rows.keys) + first;
    h.site = dropout.site + static_cast<uint64_t>(head) + 1;
    h.drop_threshold = dropout.threshold(), h.keep_scale = dropout.keep_scale();
  }
  h.grad_out = at_row(t.grad_out, head * width);
  h.grad_q = at_row(t.grad_qkv, head * width), h.grad_k = at_row(t.grad_qkv, all + head * width);
  h.grad_v = at_row(t.grad_qkv, 2 * all + head * width);
  return h;
}

template <typename T>
void run_attention_heads(const AttentionTensors& t, const TokenRows& rows, int64_t heads, const Dropout& dropout,
                         void (*run)(const cpu::AttentionHead<T>&, void*)) {
  const int64_t bytes = cpu::attention_scratch_bytes(rows.longest(), t.out.size(1) / heads);
  cpu::parallel_for_heads(rows, heads, bytes, [&](int64_t sequence, int64_t head, void* scratch) {
    run(make_head<T>(t, rows, heads, dropout, sequence, head), scratch);
  });
}

}  // namespace

AttentionResult CpuEngine::attention(const Attention& inputs) const {
  const auto& [qkv, rows, heads, dropout] = inputs;
  AttentionTensors t;
  t.qkv = qkv;
  t.out = at::empty({qkv.size(0), qkv.size(1) / 3}, qkv.options());
  t.log_sums = at::empty({heads, qkv.size(0)}, qkv.options().dtype(at::kFloat));
  cpu::dispatch_element_type(qkv, [&](auto element) {
    using T = decltype(element);
    run_attention_heads<T>(t, inputs.rows, inputs.heads, inputs.dropout, cpu::kernels<T>().attention_forward);
  });
  return {t.out, t.log_sums};
}

at::Tensor CpuEngine::attention_backward(const at::Tensor& grad, const Attention& inputs,
                                         const AttentionResult& result) const {
  const AttentionTensors t{.qkv = inputs.qkv,
                           .out = result.context,
                           .log_sums = result.log_sums,
                           .grad_out = grad,
                           .grad_qkv = at::empty_like(inputs.qkv)};
  cpu::dispatch_element_type(t.qkv, [&](auto element) {
    using T = decltype(element);
    run_attention_heads<T>(t, inputs.rows, inputs.heads, inputs.dropout, cpu::kernels<T>().attention_backward);
  });
  return t.grad_qkv;
}

}  // namespace retort::kernel
