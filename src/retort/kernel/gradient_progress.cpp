#include "retort/kernel/gradient_progress.h"

#include <atomic>

#include "retort/base/error.h"

namespace retort::kernel {

namespace {

// Also read by the thread in which autograd runs the backward pass of a device.
std::atomic<GradientObserver*> current_observer = nullptr;

}  // namespace

ObserverScope::ObserverScope(GradientObserver& observer) {
  RETORT_CHECK(current_observer == nullptr, "two observers of one backward pass");
  current_observer = &observer;
}

ObserverScope::~ObserverScope() { current_observer = nullptr; }

void announce_gradients(const at::Tensor& x, const Weight& first, const Weight& last) {
  GradientObserver* const observer = current_observer;
  if (observer == nullptr || !x.requires_grad() || !first.gradient.defined()) return;
  const float *begin = first.gradient.data_ptr<float>(), *end = last.gradient.data_ptr<float>() + last.gradient.numel();
  observer->expect(begin, end);
  x.register_hook([observer, begin, end](const at::Tensor&) {
    if (observer == current_observer) observer->complete(begin, end);
  });
}

}  // namespace retort::kernel
