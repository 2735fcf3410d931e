#include "retort/kernel/gradient_progress.h"

#include "retort/base/error.h"

namespace retort::kernel {

namespace {

thread_local GradientObserver* current_observer = nullptr;

}  // namespace

ObserverScope::ObserverScope(GradientObserver& observer) {
  RETORT_CHECK(current_observer == nullptr, "two observers of one backward pass");
  current_observer = &observer;
}

ObserverScope::~ObserverScope() { current_observer = nullptr; }

void announce_gradients(const at::Tensor& x, const Weight& first, const Weight& last) {
  if (current_observer == nullptr || !x.requires_grad() || !first.gradient.defined()) return;
  const float *begin = first.gradient.data_ptr<float>(), *end = last.gradient.data_ptr<float>() + last.gradient.numel();
  current_observer->expect(begin, end);
  x.register_hook([observer = current_observer, begin, end](const at::Tensor&) {
    if (observer == current_observer) observer->complete(begin, end);
  });
}

}  // namespace retort::kernel
