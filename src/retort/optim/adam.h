// The Adam family over a model's flat parameter memory: AdamW as Hugging Face had it (Loshchilov and Hutter 2019; eps
// added before the bias correction, decay after the update) and BertAdam (no bias correction, decay inside the update,
// every tensor clipped by its own norm). One sweep reads the gradients, updates values and moments, refreshes the
// bfloat16 copies and sets the gradients to zero.
#pragma once

#include <string>
#include <vector>

#include "retort/kernel/parameters.h"

namespace retort::optim {

enum class AdamKind { kAdamW, kBertAdam };

struct AdamOptions {
  AdamKind kind = AdamKind::kAdamW;
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool correct_bias = true;  // kAdamW only
  // Names that contain one of these are not decayed.
  std::vector<std::string> no_decay{"bias", "LayerNorm.weight", "layer_norm.weight"};
  double tensor_max_norm = 1.0;  // kBertAdam: largest norm of one tensor's gradient; 0: unlimited
};

// One tensor of optimizer state by name, for checkpoints.
struct Moment {
  std::string name;  // "<parameter>.exp_avg" or "<parameter>.exp_avg_sq"
  at::Tensor values;
};

class Adam {
 public:
  Adam(kernel::ParameterStore& parameters, AdamOptions options);

  // Updates every trainable parameter with gradient * gradient_scale at this learning rate, then zeroes all gradients.
  void step(double learning_rate, double gradient_scale);
  // L2 norm over the gradients of all trainable parameters; infinite or NaN when one of them is.
  double gradient_norm() const;

  int64_t step_count() const { return step_count_; }
  void set_step_count(int64_t count) { step_count_ = count; }
  std::vector<Moment> moments() const;  // views: writing to them restores a state

 private:
  struct Piece {
    const kernel::NamedSlice* slice;
    int64_t begin, end;  // elements of the flat buffers
  };
  bool decays(const std::string& name) const;
  double tensor_scale(const kernel::NamedSlice& slice, double gradient_scale) const;

  kernel::ParameterStore& parameters_;
  AdamOptions options_;
  std::vector<Piece> pieces_;
  at::Tensor moment1_, moment2_;  // [N] float32
  int64_t step_count_ = 0;
};

}  // namespace retort::optim
