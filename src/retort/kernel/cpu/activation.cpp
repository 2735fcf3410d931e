#include "retort/kernel/activation.h"

#include <ATen/ops/empty_like.h>

#include "retort/kernel/cpu/engine.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/row_sums.h"
#include "retort/kernel/cpu/tensor_elements.h"

namespace retort::kernel {

namespace {

template <typename T>
cpu::BiasActivation<T> activation_arguments(const at::Tensor& x, const Weight& bias, Activation activation) {
  cpu::BiasActivation<T> a;
  a.width = x.size(1);
  a.activation = activation;
  a.x = cpu::data_ptr<T>(x);
  a.bias = cpu::data_ptr<float>(bias.value);
  return a;
}

}  // namespace

at::Tensor CpuEngine::bias_activation(const at::Tensor& x, const Weight& bias, Activation activation) const {
  at::Tensor out = at::empty_like(x);
  cpu::dispatch_element_type(x, [&](auto element) {
    using T = decltype(element);
    auto a = activation_arguments<T>(x, bias, activation);
    a.out = cpu::data_ptr<T>(out);
    parallel_for(x.size(0), cpu::row_grain_size(x.size(1)),
                 [&](int64_t begin, int64_t end) { cpu::kernels<T>().bias_activation_forward(a, begin, end); });
  });
  return out;
}

at::Tensor CpuEngine::bias_activation_backward(const at::Tensor& grad, const at::Tensor& x, const Weight& bias,
                                               Activation activation) const {
  at::Tensor grad_x = at::empty_like(x);
  cpu::dispatch_element_type(x, [&](auto element) {
    using T = decltype(element);
    auto a = activation_arguments<T>(x, bias, activation);
    a.grad_out = cpu::data_ptr<T>(grad), a.grad_x = cpu::data_ptr<T>(grad_x);
    const auto sums = cpu::sum_over_rows(x.size(0), x.size(1), [&](int64_t begin, int64_t end, float* partial) {
      cpu::kernels<T>().bias_activation_backward(a, partial, begin, end);
    });
    cpu::add_to_gradient(&bias, sums, 0);
  });
  return grad_x;
}

}  // namespace retort::kernel
