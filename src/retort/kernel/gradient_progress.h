// Tells during a backward pass which gradients are complete, so that their all-reduce can start before the other
// gradients are computed. A model announces its layers in the forward pass; nothing happens where nobody observes.
#pragma once

#include <cstdint>

#include "retort/kernel/parameters.h"

namespace retort::kernel {

// Receives ranges of the flat gradient memory: those of the weights of one layer, which are registered one after the
// other.
class GradientObserver {
 public:
  virtual ~GradientObserver() = default;
  // In the forward pass: a backward pass will call `complete` with these gradients once for each call of this.
  virtual void expect(const float* begin, const float* end) = 0;
  // In the backward pass: all that one of the announced uses adds to these gradients is added. Must not throw.
  virtual void complete(const float* begin, const float* end) noexcept = 0;
};

// Lets `observer` see the passes that begin and end while the object lives. One at a time in a process.
class ObserverScope {
 public:
  explicit ObserverScope(GradientObserver& observer);
  ~ObserverScope();
  ObserverScope(const ObserverScope&) = delete;
  ObserverScope& operator=(const ObserverScope&) = delete;
};

// Announces the gradients of the weights from `first` to `last`, all of whose uses are computed from `x`: when the
// gradient of `x` is complete, so are theirs.
void announce_gradients(const at::Tensor& x, const Weight& first, const Weight& last);

}  // namespace retort::kernel
