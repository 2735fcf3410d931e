// The optimizers, over a model's flat parameter memory: AdamW as Hugging Face had it (Loshchilov and Hutter 2019; eps
// added before the bias correction, decay after the update), BertAdam (no bias correction, decay inside the update,
// every tensor clipped by its own norm) and LAMB (You et al. 2020, in NVIDIA's form). One sweep (LAMB: two) reads the
// gradients, updates values and moments, refreshes the bfloat16 copies and sets the gradients to zero. With several
// shards (shards.h) each process sweeps over its own; the result has the same bits as with one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "retort/kernel/parameters.h"
#include "retort/optim/expression_update.h"
#include "retort/optim/optimizer_kind.h"
#include "retort/optim/shards.h"

namespace retort::optim {

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdamW;
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool correct_bias = true;  // BertAdam has none
  // Names that contain one of these are not decayed.
  std::vector<std::string> no_decay{"bias", "LayerNorm.weight", "layer_norm.weight"};
  double tensor_max_norm = 1.0;  // kBertAdam: largest norm of one tensor's gradient; 0: unlimited
};

// One tensor of optimizer state by name, for checkpoints.
struct Moment {
  std::string name;  // "<parameter>.exp_avg" or "<parameter>.exp_avg_sq"
  at::Tensor values;
  int64_t offset = 0;  // of its first element in the flat buffers
};

class Optimizer {
 public:
  // With several shards, all processes call `step` and `gradient_norm` with the same gradients. Moments take memory
  // only where they are written, so a process holds those of its shard.
  Optimizer(kernel::ParameterStore& parameters, OptimizerOptions options, Shards shards = {});

  // Updates every trainable parameter with gradient * gradient_scale at this learning rate, then zeroes all gradients.
  // A row of an embedding table that never had a gradient is only decayed. The full update would do the same, because
  // its moments are zero.
  void step(double learning_rate, double gradient_scale);
  // The same with gradients clipped to `max_norm` (0: no limit), unless `gradient_norm` or `loss` is not finite: then
  // it only zeroes the gradients. Both are scalars on the device, and nothing is read back from it. Where the loss was
  // scaled before the backward pass, `unscale` (a scalar on the device) is the inverse of the scale; gradient_norm is
  // that of the gradients without it.
  void step_if_finite(double learning_rate, const at::Tensor& gradient_norm, const at::Tensor& loss, double max_norm,
                      const at::Tensor& unscale = {});
  // L2 norm over the gradients of all trainable parameters; infinite or NaN when one of them is.
  double gradient_norm() const;
  // The same as a float64 scalar on the device.
  at::Tensor gradient_norm_tensor() const;
  // The gradient_scale that clips gradients of this norm to max_norm (0: no limit, returns 1). As torch it adds 1e-6 to
  // the norm, except for LAMB.
  double clip_scale(double norm, double max_norm) const;

  // Updates done; skipped ones do not count. It waits for the device.
  int64_t step_count() const;
  // Sets the number of steps done; call it after the moments are written.
  void restore(int64_t count);
  // Views: writing to them restores the state. Those of other shards are zero.
  std::vector<Moment> moments() const;
  // The same as flat memory, laid out like the parameters.
  at::Tensor first_moments() const { return moment1_; }
  at::Tensor second_moments() const { return moment2_; }

  bool is_sharded() const { return shards_.count > 1; }
  // The elements of the flat buffers that a shard updates. The shards cover the buffers; a boundary lies between
  // tensors or pieces of tensors.
  ElementRange shard(int64_t number) const;
  // From now on all moments are here, as the caller has written them.
  void end_sharding();
  // Gives the memory of the moments of other shards back; they are zero then.
  void forget_other_shards();

 private:
  struct Piece {
    int64_t slice;       // number of the slice
    int64_t begin, end;  // elements of the flat buffers; whole rows of a table
  };
  struct Sweep;  // pointers and factors of one step

  double decay_of(int64_t slice) const { return slice_decays_[slice] ? options_.weight_decay : 0; }
  double tensor_scale(const kernel::NamedSlice& slice, double gradient_scale) const;
  void sweep_adam(const Sweep& sweep);
  void sweep_lamb(const Sweep& sweep);
  template <typename Body>
  void for_each_active_range(const Piece& piece, Body&& body);
  template <typename Body>
  void for_own_pieces(Body&& body) const;
  std::vector<double> sum_over_shards(std::vector<double> own) const;
  void divide_into_shards();
  void share_values();

  kernel::ParameterStore& parameters_;
  OptimizerOptions options_;
  Shards shards_;
  std::vector<Piece> pieces_;
  std::vector<int64_t> shard_pieces_;  // [shards + 1] the first piece of each shard
  std::vector<bool> slice_decays_;
  std::vector<std::vector<uint8_t>> active_rows_;  // per slice: rows of a table that have moments; else empty
  at::Tensor moment1_, moment2_;                   // [N] float32
  int64_t step_count_ = 0;
  // On another device than the processor, and with Implementation::kReference.
  std::unique_ptr<ExpressionUpdate> expressions_;
  at::Tensor device_step_count_;  // float64 scalar
};

}  // namespace retort::optim
