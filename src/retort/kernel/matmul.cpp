#include "retort/kernel/matmul.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <atomic>
#if defined(__x86_64__)
#include <cpuid.h>

#include <cstring>
#endif

#include "retort/base/thread.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/cpu/tensor_elements.h"
#include "retort/kernel/packed_matmul.h"

namespace retort::kernel {

namespace {

std::atomic<bool> is_deterministic = false;

// MKL, which LibTorch calls for a float32 matmul, is slow on x86 processors that are not Intel's.
bool find_is_mkl_slow() {
#if defined(__x86_64__)
  unsigned highest = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(0, &highest, &b, &c, &d)) return false;
  char vendor[12];
  std::memcpy(vendor, &b, 4), std::memcpy(vendor + 4, &d, 4), std::memcpy(vendor + 8, &c, 4);
  return std::memcmp(vendor, "GenuineIntel", 12) != 0;
#else
  return false;
#endif
}

bool is_mkl_slow() {
  static const bool is_slow = find_is_mkl_slow();
  return is_slow;
}

bool uses_packed_matmul(at::ScalarType type) {
  return has_packed_matmul(type) && (type == at::kBFloat16 || is_mkl_slow());
}
bool uses_packed_matmul(const at::Tensor& a) { return uses_packed_matmul(a.scalar_type()) && packed_matmul_takes(a); }

// Finds an operator of LibTorch by its name; nothing when this LibTorch lacks it or has it with another signature.
template <typename Signature>
std::optional<c10::TypedOperatorHandle<Signature>> find_operator(const char* name) {
  const auto found = c10::Dispatcher::singleton().findSchema({name, ""});
  if (!found) return std::nullopt;
  try {
    return found->template typed<Signature>();
  } catch (const c10::Error&) {  // another signature
    return std::nullopt;
  }
}

// oneDNN multiplies x [M, K] with the transpose of weight [N, K], which may be packed.
using PointwiseLinear = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                                   c10::string_view, at::List<std::optional<at::Scalar>>,
                                   std::optional<c10::string_view>);
using PackWeight = at::Tensor(const at::Tensor&, std::optional<int64_t>);

const std::optional<c10::TypedOperatorHandle<PointwiseLinear>>& onednn_linear() {
  static const auto linear = find_operator<PointwiseLinear>("mkldnn::_linear_pointwise");
  return linear;
}

at::Tensor call_onednn(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return onednn_linear()->call(x, weight, bias.defined() ? std::optional(bias) : std::nullopt, "none",
                               at::List<std::optional<at::Scalar>>(), "");
}

at::Tensor libtorch_matmul(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  return bias.defined() ? at::addmm(bias, a, b) : at::mm(a, b);
}

// Cuts the result into blocks of a fixed row count, each computed by one thread: inside a parallel region the libraries
// start no threads.
at::Tensor deterministic_libtorch_matmul(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  constexpr int64_t kBlockRows = 128;
  at::Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
  const int64_t blocks = (a.size(0) + kBlockRows - 1) / kBlockRows;
  parallel_for(blocks, 1, [&](int64_t first, int64_t last) {
    const at::NoGradGuard no_grad;
    for (int64_t i = first; i < last; ++i) {
      const int64_t begin = i * kBlockRows, rows = std::min(kBlockRows, a.size(0) - begin);
      out.narrow(0, begin, rows).copy_(libtorch_matmul(a.narrow(0, begin, rows), b, bias));
    }
  });
  return out;
}

}  // namespace

void set_deterministic_matmul(bool wanted) { is_deterministic = wanted; }
bool is_matmul_deterministic() { return is_deterministic; }

at::Tensor matmul(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  if (uses_packed_matmul(a)) return packed_matmul(a, b, bias);
  return is_deterministic ? deterministic_libtorch_matmul(a, b, bias) : libtorch_matmul(a, b, bias);
}

at::Tensor pack_weight(const at::Tensor& weight) {
  if (uses_packed_matmul(weight)) return pack_weight_panels(weight);
  static const auto pack = find_operator<PackWeight>("mkldnn::_reorder_linear_weight");
  if (!pack || !onednn_linear() || is_deterministic) return at::Tensor();
  const at::NoGradGuard no_grad;
  try {
    return pack->call(weight, std::nullopt);
  } catch (const c10::Error&) {  // a processor without a matmul of this type
    return at::Tensor();
  }
}

at::Tensor matmul_with_packed_weight(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias) {
  return packed.is_mkldnn() ? call_onednn(x, packed, bias) : matmul_with_panels(x, packed, bias);
}

void add_matmul(const at::Tensor& total, const at::Tensor& a, const at::Tensor& b) {
  if (uses_packed_matmul(a)) return add_packed_matmul(total, a, b);
  const bool is_float = a.scalar_type() == at::kFloat;
  at::Tensor sum = total;
  if (is_float && !is_deterministic) {
    sum.addmm_(a, b);
    return;
  }
  const at::Tensor term = kernel::matmul(a, b);
  if (is_float) {
    sum.add_(term);
    return;
  }
  float* sums = cpu::data_ptr<float>(sum);
  const auto* values = cpu::data_ptr<cpu::Bf16>(term);
  parallel_for(term.numel(), 1 << 16, [&](int64_t begin, int64_t end) {
    cpu::kernel_table().add_to(sums + begin, values + begin, end - begin);
  });
}

}  // namespace retort::kernel
