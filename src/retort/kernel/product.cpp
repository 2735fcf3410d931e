#include "retort/kernel/product.h"

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
#include "retort/kernel/cpu/support.h"
#include "retort/kernel/panel_product.h"

namespace retort::kernel {

namespace {

std::atomic<bool> is_deterministic = false;

// MKL, which LibTorch asks for float32 products, is slow on x86 processors that are not Intel's.
bool find_has_foreign_mkl() {
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

bool has_foreign_mkl() {
  static const bool has = find_has_foreign_mkl();
  return has;
}

bool uses_panels(at::ScalarType type) {
  return has_panel_product(type) && (type == at::kBFloat16 || has_foreign_mkl());
}
bool uses_panels(const at::Tensor& a) { return uses_panels(a.scalar_type()) && panel_product_takes(a); }

// An operator of LibTorch by its name; nothing when this LibTorch lacks it or has it in another form.
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

// x [M, K] times weight [N, K] transposed, by oneDNN; the weight may be packed.
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

at::Tensor whole_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  return bias.defined() ? at::addmm(bias, a, b) : at::mm(a, b);
}

// Rows of the result in blocks of a fixed count, each by one thread: inside a parallel region the libraries use no
// threads of their own.
at::Tensor product_in_blocks(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  constexpr int64_t kBlockRows = 128;
  at::Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
  const int64_t blocks = (a.size(0) + kBlockRows - 1) / kBlockRows;
  parallel_for(blocks, 1, [&](int64_t first, int64_t last) {
    const at::NoGradGuard no_grad;
    for (int64_t i = first; i < last; ++i) {
      const int64_t begin = i * kBlockRows, rows = std::min(kBlockRows, a.size(0) - begin);
      out.narrow(0, begin, rows).copy_(whole_product(a.narrow(0, begin, rows), b, bias));
    }
  });
  return out;
}

}  // namespace

void set_deterministic_products(bool wanted) { is_deterministic = wanted; }
bool deterministic_products() { return is_deterministic; }

at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  if (uses_panels(a)) return panel_product(a, b, bias);
  return is_deterministic ? product_in_blocks(a, b, bias) : whole_product(a, b, bias);
}

at::Tensor pack_weight(const at::Tensor& weight) {
  if (uses_panels(weight)) return pack_panels(weight);
  static const auto pack = find_operator<PackWeight>("mkldnn::_reorder_linear_weight");
  if (!pack || !onednn_linear() || is_deterministic) return at::Tensor();
  const at::NoGradGuard no_grad;
  try {
    return pack->call(weight, std::nullopt);
  } catch (const c10::Error&) {  // a processor without products of this type
    return at::Tensor();
  }
}

at::Tensor packed_product(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias) {
  return packed.is_mkldnn() ? call_onednn(x, packed, bias) : product_with_panels(x, packed, bias);
}

void add_product(const at::Tensor& total, const at::Tensor& a, const at::Tensor& b) {
  if (uses_panels(a)) return add_panel_product(total, a, b);
  const bool is_float = a.scalar_type() == at::kFloat;
  at::Tensor sum = total;
  if (is_float && !is_deterministic) {
    sum.addmm_(a, b);
    return;
  }
  const at::Tensor term = product(a, b);
  if (is_float) {
    sum.add_(term);
    return;
  }
  float* sums = cpu::elements<float>(sum);
  const auto* values = cpu::elements<cpu::Bf16>(term);
  parallel_for(term.numel(), 1 << 16,
               [&](int64_t begin, int64_t end) { cpu::table().add_to(sums + begin, values + begin, end - begin); });
}

}  // namespace retort::kernel
