#include "retort/kernel/embedding.h"

#include <ATen/ops/empty.h>

#include "retort/kernel/cpu/engine.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/row_sums.h"
#include "retort/kernel/cpu/tensor_elements.h"
#include "retort/kernel/element_type.h"

namespace retort::kernel {

namespace {

template <typename T>
cpu::EmbedForward<T> embed_arguments(const TokenRows& rows, const EmbeddingWeights& w, const Dropout& dropout,
                                     const at::Tensor& out) {
  cpu::EmbedForward<T> a;
  a.width = w.word->value.size(1);
  a.ids = cpu::data_ptr<int64_t>(rows.ids), a.positions = cpu::data_ptr<int64_t>(rows.positions);
  a.segments = cpu::data_ptr<int64_t>(rows.segments);
  a.word = cpu::data_ptr<float>(w.word->value), a.position = cpu::data_ptr<float>(w.position->value);
  a.segment = w.segment ? cpu::data_ptr<float>(w.segment->value) : nullptr;
  a.gamma = cpu::data_ptr<float>(w.norm.gamma->value), a.beta = cpu::data_ptr<float>(w.norm.beta->value);
  a.epsilon = static_cast<float>(w.norm.epsilon);
  if (dropout.active()) {
    a.row_keys = cpu::data_ptr<int64_t>(rows.keys), a.site = dropout.site;
    a.drop_threshold = dropout.threshold(), a.keep_scale = dropout.keep_scale();
  }
  a.out = cpu::data_ptr<T>(out);
  return a;
}

// gradient[index[t]] += grad[t] for every token t whose index is not `skipped`. One thread adds the tokens of an index
// in their order, so the result does not depend on the thread count.
void scatter_add(const Weight* table, const at::Tensor& index, const at::Tensor& grad, int64_t skipped) {
  if (table == nullptr || !table->trainable) return;
  const int64_t count = index.size(0), width = grad.size(1);
  const int64_t* indices = cpu::data_ptr<int64_t>(index);
  std::vector<std::pair<int64_t, int64_t>> order;  // (index, token)
  order.reserve(static_cast<size_t>(count));
  for (int64_t t = 0; t < count; ++t)
    if (indices[t] != skipped) order.emplace_back(indices[t], t);
  std::sort(order.begin(), order.end());
  std::vector<size_t> groups;
  for (size_t i = 0; i < order.size(); ++i)
    if (i == 0 || order[i].first != order[i - 1].first) groups.push_back(i);
  groups.push_back(order.size());
  const float* rows = cpu::data_ptr<float>(grad);
  float* sums = cpu::data_ptr<float>(table->gradient);
  parallel_for(static_cast<int64_t>(groups.size()) - 1, 16, [&](int64_t begin, int64_t end) {
    for (size_t i = groups[begin]; i < groups[end]; ++i) {
      float* sum = sums + order[i].first * width;
      const float* row = rows + order[i].second * width;
      for (int64_t j = 0; j < width; ++j) sum[j] += row[j];
    }
  });
}

template <typename T>
void embed_rows_backward(const TokenRows& rows, const EmbeddingWeights& w, const Dropout& dropout,
                         const at::Tensor& grad) {
  const at::Tensor grad_sum = at::empty(grad.sizes(), grad.options().dtype(at::kFloat));
  cpu::EmbedBackward<T> b;
  b.forward = embed_arguments<T>(rows, w, dropout, at::Tensor());
  b.grad_out = cpu::data_ptr<T>(grad), b.grad_sum = cpu::data_ptr<float>(grad_sum);
  const int64_t width = b.forward.width;
  const auto sums = cpu::sum_over_rows(rows.tokens(), 3 * width, [&](int64_t begin, int64_t end, float* partial) {
    cpu::kernels<T>().embed_backward(b, partial, begin, end);
  });
  cpu::add_to_gradient(w.norm.gamma, sums, width);
  cpu::add_to_gradient(w.norm.beta, sums, 2 * width);
  scatter_add(w.word, rows.ids, grad_sum, w.padding_id);
  scatter_add(w.position, rows.positions, grad_sum, -1);
  scatter_add(w.segment, rows.segments, grad_sum, -1);
}

}  // namespace

at::Tensor CpuEngine::embed(const TokenRows& rows, const EmbeddingWeights& weights, Precision precision,
                            const Dropout& dropout) const {
  const at::Tensor out = at::empty({rows.tokens(), weights.word->value.size(1)}, element_type(precision));
  cpu::dispatch_element_type(out, [&](auto element) {
    using T = decltype(element);
    const auto a = embed_arguments<T>(rows, weights, dropout, out);
    parallel_for(rows.tokens(), cpu::row_grain_size(a.width),
                 [&](int64_t begin, int64_t end) { cpu::kernels<T>().embed_forward(a, begin, end); });
  });
  return out;
}

void CpuEngine::embed_backward(const at::Tensor& grad, const TokenRows& rows, const EmbeddingWeights& weights,
                               const Dropout& dropout) const {
  cpu::dispatch_element_type(
      grad, [&](auto element) { embed_rows_backward<decltype(element)>(rows, weights, dropout, grad); });
}

}  // namespace retort::kernel
