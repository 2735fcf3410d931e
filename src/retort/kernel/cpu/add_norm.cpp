#include "retort/kernel/add_norm.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "retort/kernel/cpu/engine.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/row_sums.h"
#include "retort/kernel/cpu/tensor_elements.h"

namespace retort::kernel {

namespace {

template <typename Arguments>
void set_dropout(Arguments& a, const AddNorm& settings) {
  if (!settings.dropout.active()) return;
  a.row_keys = cpu::data_ptr<int64_t>(settings.keys), a.site = settings.dropout.site;
  a.drop_threshold = settings.dropout.threshold(), a.keep_scale = settings.dropout.keep_scale();
}

template <typename T>
void add_norm_rows(const at::Tensor& y, const at::Tensor& residual, const AddNorm& settings, const NormStates& states,
                   const at::Tensor& out) {
  cpu::AddNormForward<T> a;
  a.width = y.size(1);
  a.y = cpu::data_ptr<T>(y), a.residual = cpu::data_ptr<T>(residual);
  a.bias = settings.bias ? cpu::data_ptr<float>(settings.bias->value) : nullptr;
  a.gamma = cpu::data_ptr<float>(settings.norm.gamma->value), a.beta = cpu::data_ptr<float>(settings.norm.beta->value);
  a.epsilon = static_cast<float>(settings.norm.epsilon);
  set_dropout(a, settings);
  a.z = cpu::data_ptr<T>(states.z), a.out = cpu::data_ptr<T>(out);
  a.mean = cpu::data_ptr<float>(states.mean), a.rstd = cpu::data_ptr<float>(states.rstd);
  parallel_for(y.size(0), cpu::row_grain_size(a.width),
               [&](int64_t begin, int64_t end) { cpu::kernels<T>().add_norm_forward(a, begin, end); });
}

template <typename T>
void add_norm_rows_backward(const at::Tensor& grad, const AddNorm& settings, const NormStates& states,
                            const AddNormGradients& gradients) {
  cpu::AddNormBackward<T> a;
  a.width = grad.size(1);
  a.grad_out = cpu::data_ptr<T>(grad), a.z = cpu::data_ptr<T>(states.z);
  a.gamma = cpu::data_ptr<float>(settings.norm.gamma->value);
  a.mean = cpu::data_ptr<float>(states.mean), a.rstd = cpu::data_ptr<float>(states.rstd);
  set_dropout(a, settings);
  a.grad_residual = cpu::data_ptr<T>(gradients.residual), a.grad_y = cpu::data_ptr<T>(gradients.y);
  const auto sums = cpu::sum_over_rows(grad.size(0), 3 * a.width, [&](int64_t begin, int64_t end, float* partial) {
    cpu::kernels<T>().add_norm_backward(a, partial, begin, end);
  });
  cpu::add_to_gradient(settings.bias, sums, 0);
  cpu::add_to_gradient(settings.norm.gamma, sums, a.width);
  cpu::add_to_gradient(settings.norm.beta, sums, 2 * a.width);
}

}  // namespace

at::Tensor CpuEngine::add_norm(const at::Tensor& y, const at::Tensor& residual, const AddNorm& settings,
                               NormStates* states) const {
  RETORT_CHECK(y.size(1) <= cpu::kMaxNormWidth, "rows of {} columns are wider than {}", y.size(1), cpu::kMaxNormWidth);
  const at::Tensor out = at::empty_like(y);
  NormStates kept;
  if (states) {
    kept.z = at::empty_like(y);
    kept.mean = at::empty({y.size(0)}, y.options().dtype(at::kFloat));
    kept.rstd = at::empty_like(kept.mean);
    *states = kept;
  }
  cpu::dispatch_element_type(y,
                             [&](auto element) { add_norm_rows<decltype(element)>(y, residual, settings, kept, out); });
  return out;
}

AddNormGradients CpuEngine::add_norm_backward(const at::Tensor& grad, const AddNorm& settings, const NormStates& states,
                                              bool has_residual) const {
  AddNormGradients gradients;
  if (has_residual) gradients.residual = at::empty_like(states.z);
  gradients.y = has_residual && !settings.dropout.active() ? gradients.residual : at::empty_like(states.z);
  cpu::dispatch_element_type(
      grad, [&](auto element) { add_norm_rows_backward<decltype(element)>(grad, settings, states, gradients); });
  return gradients;
}

}  // namespace retort::kernel
