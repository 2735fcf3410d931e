#include "retort/kernel/add_norm.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "retort/kernel/autograd.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/row_sums.h"
#include "retort/kernel/cpu/tensor_elements.h"
#include "retort/kernel/implementation.h"
#include "retort/kernel/operation_timer.h"
#include "retort/kernel/reference/reference.h"

namespace retort::kernel {

namespace {

struct Saved {
  at::Tensor z, mean, rstd;  // [T, H], [T], [T]
};

template <typename T>
void run_forward(const at::Tensor& y, const Weight* bias, const at::Tensor& residual, const NormWeights& norm,
                 const TokenRows& rows, const Dropout& dropout, const Saved& saved, const at::Tensor& out) {
  cpu::AddNormForward<T> a;
  a.width = y.size(1);
  a.y = cpu::data_ptr<T>(y), a.residual = cpu::data_ptr<T>(residual);
  a.bias = bias ? cpu::data_ptr<float>(bias->value) : nullptr;
  a.gamma = cpu::data_ptr<float>(norm.gamma->value), a.beta = cpu::data_ptr<float>(norm.beta->value);
  a.epsilon = static_cast<float>(norm.epsilon);
  if (dropout.active()) {
    a.row_keys = cpu::data_ptr<int64_t>(rows.keys), a.site = dropout.site;
    a.drop_threshold = dropout.threshold(), a.keep_scale = dropout.keep_scale();
  }
  a.z = cpu::data_ptr<T>(saved.z), a.out = cpu::data_ptr<T>(out);
  a.mean = cpu::data_ptr<float>(saved.mean), a.rstd = cpu::data_ptr<float>(saved.rstd);
  const OperationTimer timer(Operation::kNorm);
  parallel_for(y.size(0), cpu::row_grain_size(a.width),
               [&](int64_t begin, int64_t end) { cpu::kernels<T>().add_norm_forward(a, begin, end); });
}

template <typename T>
void run_backward(const at::Tensor& grad, const Weight* bias, const NormWeights& norm, const TokenRows& rows,
                  const Dropout& dropout, const Saved& saved, const at::Tensor& grad_y,
                  const at::Tensor& grad_residual) {
  const OperationTimer timer(Operation::kNormBackward);
  cpu::AddNormBackward<T> a;
  a.width = grad.size(1);
  a.grad_out = cpu::data_ptr<T>(grad), a.z = cpu::data_ptr<T>(saved.z);
  a.gamma = cpu::data_ptr<float>(norm.gamma->value);
  a.mean = cpu::data_ptr<float>(saved.mean), a.rstd = cpu::data_ptr<float>(saved.rstd);
  if (dropout.active()) {
    a.row_keys = cpu::data_ptr<int64_t>(rows.keys), a.site = dropout.site;
    a.drop_threshold = dropout.threshold(), a.keep_scale = dropout.keep_scale();
  }
  a.grad_residual = cpu::data_ptr<T>(grad_residual), a.grad_y = cpu::data_ptr<T>(grad_y);
  const auto sums = cpu::sum_over_rows(grad.size(0), 3 * a.width, [&](int64_t begin, int64_t end, float* partial) {
    cpu::kernels<T>().add_norm_backward(a, partial, begin, end);
  });
  cpu::add_to_gradient(bias, sums, 0);
  cpu::add_to_gradient(norm.gamma, sums, a.width);
  cpu::add_to_gradient(norm.beta, sums, 2 * a.width);
}

}  // namespace

at::Tensor add_norm(const at::Tensor& y, const Weight* bias, const at::Tensor& residual, const NormWeights& norm,
                    const TokenRows& rows, const Dropout& dropout) {
  RETORT_CHECK(y.size(1) <= cpu::kMaxNormWidth, "rows of {} columns are wider than {}", y.size(1), cpu::kMaxNormWidth);
  if (implementation() == Implementation::kReference)
    return reference::add_norm(y, bias, residual, norm, rows, dropout);
  const bool recording = is_grad_enabled();
  const at::Tensor input = y.detach(), skip = residual.defined() ? residual.detach() : residual,
                   out = at::empty_like(input);
  Saved saved;
  if (recording) {
    saved.z = at::empty_like(input);
    saved.mean = at::empty({input.size(0)}, input.options().dtype(at::kFloat));
    saved.rstd = at::empty_like(saved.mean);
  }
  cpu::dispatch_element_type(
      input, [&](auto element) { run_forward<decltype(element)>(input, bias, skip, norm, rows, dropout, saved, out); });
  if (!recording) return out;
  std::vector<at::Tensor> inputs{y};
  if (residual.defined()) inputs.push_back(residual);
  return attach_backward(
      out, inputs, [saved, bias, norm, rows, dropout, has_residual = residual.defined()](const at::Tensor& grad) {
        const at::Tensor grad_residual = has_residual ? at::empty_like(saved.z) : at::Tensor();
        const at::Tensor grad_y = has_residual && !dropout.active() ? grad_residual : at::empty_like(saved.z);
        cpu::dispatch_element_type(grad, [&](auto element) {
          run_backward<decltype(element)>(grad, bias, norm, rows, dropout, saved, grad_y, grad_residual);
        });
        return has_residual ? std::vector<at::Tensor>{grad_y, grad_residual} : std::vector<at::Tensor>{grad_y};
      });
}

}  // namespace retort::kernel
