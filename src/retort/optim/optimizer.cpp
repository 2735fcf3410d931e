#include "retort/optim/optimizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "retort/base/error.h"
#include "retort/base/fields.h"
#include "retort/base/thread.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/operation_timer.h"
#include "retort/kernel/zeros_on_demand.h"

namespace retort::optim {

namespace {

constexpr int64_t kPieceElements = 1 << 16;  // 256 KiB of each buffer

bool has_nonzero(const float* values, int64_t count) {
  uint32_t bits = 0;
  for (int64_t i = 0; i < count; ++i) bits |= std::bit_cast<uint32_t>(values[i]) << 1;  // without the sign
  return bits != 0;
}

}  // namespace

// Pointers and factors that all pieces share in one step.
struct Optimizer::Sweep {
  kernel::cpu::OptimizerStep step;
  double learning_rate = 0, gradient_scale = 1;
};

Optimizer::Optimizer(kernel::ParameterStore& parameters, OptimizerOptions options, Shards shards)
    : parameters_(parameters), options_(std::move(options)), shards_(std::move(shards)) {
  const int64_t elements = parameters.values().numel(), tables = parameters.leading_table_elements();
  moment1_ = kernel::zeros_on_demand(elements, at::kFloat, tables);
  moment2_ = kernel::zeros_on_demand(elements, at::kFloat, tables);
  const auto& slices = parameters.slices();
  for (size_t s = 0; s < slices.size(); ++s) {
    const kernel::NamedSlice& slice = slices[s];
    slice_decays_.push_back(std::none_of(options_.no_decay.begin(), options_.no_decay.end(),
                                         [&](const auto& part) { return slice.name.find(part) != std::string::npos; }));
    active_rows_.emplace_back(slice.is_table ? slice.shape[0] : 0, uint8_t{0});
    if (!slice.weight->trainable) continue;
    const int64_t width = slice.is_table ? slice.shape[1] : 1,
                  length = std::max<int64_t>(1, kPieceElements / width) * width,
                  end = slice.offset + slice.element_count;
    for (int64_t begin = slice.offset; begin < end; begin += length)
      pieces_.push_back({static_cast<int64_t>(s), begin, std::min(end, begin + length)});
  }
  divide_into_shards();
  if (kernel::engine().is_fused()) return;
  if (is_sharded())
    throw UserError("`shard_optimizer_state` is for the processor; leave it out, or choose `--device cpu`");
  expressions_ = std::make_unique<ExpressionUpdate>(
      parameters,
      ExpressionUpdate::Settings{options_.kind, options_.beta1, options_.beta2, options_.epsilon, options_.weight_decay,
                                 options_.correct_bias, options_.tensor_max_norm, slice_decays_},
      moment1_, moment2_);
  device_step_count_ = at::zeros({}, parameters.values().options().dtype(at::kDouble));
}

// Shards have equal numbers of trained elements but for a part of a piece.
void Optimizer::divide_into_shards() {
  int64_t all = 0, before = 0;
  for (const Piece& piece : pieces_) all += piece.end - piece.begin;
  shard_pieces_ = {0};
  for (size_t i = 0; i < pieces_.size(); before += pieces_[i].end - pieces_[i].begin, ++i)
    while (std::ssize(shard_pieces_) < shards_.count && before * shards_.count >= std::ssize(shard_pieces_) * all)
      shard_pieces_.push_back(static_cast<int64_t>(i));
  shard_pieces_.resize(static_cast<size_t>(shards_.count) + 1, std::ssize(pieces_));
}

ElementRange Optimizer::shard(int64_t number) const {
  const auto boundary = [&](int64_t i) {
    const int64_t piece = shard_pieces_[static_cast<size_t>(i)];
    if (i == 0) return int64_t{0};
    return i == shards_.count || piece == std::ssize(pieces_) ? parameters_.values().numel()
                                                              : pieces_[static_cast<size_t>(piece)].begin;
  };
  return {boundary(number), boundary(number + 1)};
}

// Calls body(i) with the number of each piece of the own shard.
template <typename Body>
void Optimizer::for_own_pieces(Body&& body) const {
  const int64_t begin = shard_pieces_[shards_.own], count = shard_pieces_[shards_.own + 1] - begin;
  parallel_for(count, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) body(begin + i);
  });
}

// Only one process gives a value other than zero for a piece, so the sums have the bits of one process.
std::vector<double> Optimizer::sum_over_shards(std::vector<double> own) const {
  if (is_sharded())
    shards_.all_reduce_sum(at::from_blob(own.data(), {std::ssize(own)}, at::TensorOptions().dtype(at::kDouble)));
  return own;
}

// After the own shard is updated: takes the values of the others, and does with their gradients and copies what the
// sweep does with the own ones.
void Optimizer::share_values() {
  const at::Tensor values = parameters_.values(), gradients = parameters_.gradients(), copies = parameters_.copies();
  std::vector<at::Tensor> parts;
  for (int64_t i = 0; i < shards_.count; ++i)
    parts.push_back(values.narrow(0, shard(i).begin, shard(i).end - shard(i).begin));
  shards_.broadcast_each(parts);
  for (int64_t i = 0; i < shards_.count; ++i) {
    if (i == shards_.own) continue;
    const ElementRange range = shard(i);
    parallel_for(range.end - range.begin, 1 << 16, [&](int64_t begin, int64_t end) {
      std::fill(gradients.data_ptr<float>() + range.begin + begin, gradients.data_ptr<float>() + range.begin + end, 0);
      if (copies.defined())
        kernel::cpu::kernel_table().round_to_bf16(
            static_cast<kernel::cpu::Bf16*>(copies.data_ptr()) + range.begin + begin,
            values.data_ptr<float>() + range.begin + begin, end - begin);
    });
  }
}

void Optimizer::end_sharding() {
  shards_ = {};
  divide_into_shards();
  restore(step_count());
}

void Optimizer::forget_other_shards() {
  const ElementRange own = shard(shards_.own);
  for (const at::Tensor& moment : {moment1_, moment2_}) {
    kernel::release_pages(moment.narrow(0, 0, own.begin));
    kernel::release_pages(moment.narrow(0, own.end, moment.numel() - own.end));
  }
}

// Calls body(begin, end, is_active) on ranges that cover the piece. In a table, active ranges are runs of rows that
// have moments or get a gradient now; the other rows have neither.
template <typename Body>
void Optimizer::for_each_active_range(const Piece& piece, Body&& body) {
  std::vector<uint8_t>& active = active_rows_[piece.slice];
  if (active.empty()) return body(piece.begin, piece.end, true);
  const kernel::NamedSlice& slice = parameters_.slices()[piece.slice];
  const float* gradients = parameters_.gradients().data_ptr<float>();
  const int64_t width = slice.shape[1], last = (piece.end - slice.offset) / width;
  int64_t row = (piece.begin - slice.offset) / width;
  const auto update = [&](int64_t r) {
    if (!active[r]) active[r] = has_nonzero(gradients + slice.offset + r * width, width);
    return active[r] != 0;
  };
  while (row < last) {
    const int64_t begin = row;
    const bool is_active = update(row);
    while (++row < last && update(row) == is_active) {
    }
    body(slice.offset + begin * width, slice.offset + row * width, is_active);
  }
}

double Optimizer::tensor_scale(const kernel::NamedSlice& slice, double gradient_scale) const {
  if (options_.kind != OptimizerKind::kBertAdam || options_.tensor_max_norm <= 0) return gradient_scale;
  const float* gradient = parameters_.gradients().data_ptr<float>() + slice.offset;
  const double norm =
      std::sqrt(kernel::cpu::kernel_table().sum_of_squares(gradient, slice.element_count)) * gradient_scale;
  return gradient_scale * std::min(1.0, options_.tensor_max_norm / (norm + 1e-6));
}

void Optimizer::step(double learning_rate, double gradient_scale) {
  const kernel::OperationTimer timer(kernel::Operation::kOptimizer);
  if (expressions_) {
    const auto device = parameters_.values().options();
    device_step_count_.add_(1);
    expressions_->run({learning_rate, at::full({}, gradient_scale, device), at::ones({}, device.dtype(at::kBool)),
                       device_step_count_});
    return;
  }
  ++step_count_;
  const at::Tensor copies = parameters_.copies();
  Sweep sweep{.learning_rate = learning_rate, .gradient_scale = gradient_scale};
  kernel::cpu::OptimizerStep& s = sweep.step;
  s.parameter = parameters_.values().data_ptr<float>();
  s.gradient = parameters_.gradients().data_ptr<float>();
  s.moment1 = moment1_.data_ptr<float>(), s.moment2 = moment2_.data_ptr<float>();
  s.copy = copies.defined() ? static_cast<kernel::cpu::Bf16*>(copies.data_ptr()) : nullptr;
  s.beta1 = static_cast<float>(options_.beta1), s.beta2 = static_cast<float>(options_.beta2);
  s.rest1 = static_cast<float>(1 - options_.beta1), s.rest2 = static_cast<float>(1 - options_.beta2);
  s.epsilon = static_cast<float>(options_.epsilon);
  s.gradient_scale = static_cast<float>(gradient_scale);
  if (options_.kind == OptimizerKind::kLamb)
    sweep_lamb(sweep);
  else
    sweep_adam(sweep);
  if (is_sharded()) share_values();
}

void Optimizer::step_if_finite(double learning_rate, const at::Tensor& gradient_norm, const at::Tensor& loss,
                               double max_norm, const at::Tensor& unscale) {
  if (!expressions_) {
    RETORT_CHECK(!unscale.defined(), "the fused loops of the processor know no half precision");
    const double norm = gradient_norm.item<double>();
    if (std::isfinite(norm) && std::isfinite(loss.item<double>()))
      step(learning_rate, clip_scale(norm, max_norm));
    else
      parameters_.zero_gradients();
    return;
  }
  const kernel::OperationTimer timer(kernel::Operation::kOptimizer);
  const at::Tensor is_finite = gradient_norm.isfinite().logical_and(loss.isfinite()),
                   one = at::ones_like(gradient_norm);
  const double added = options_.kind == OptimizerKind::kLamb ? 0 : 1e-6;
  at::Tensor scale = max_norm > 0 ? at::minimum(one, max_norm / (gradient_norm + added)) : one;
  if (unscale.defined()) scale = scale * unscale;
  device_step_count_.add_(is_finite);
  expressions_->run({learning_rate, scale.to(at::kFloat), is_finite, device_step_count_});
}

void Optimizer::sweep_adam(const Sweep& sweep) {
  const bool is_adamw = options_.kind == OptimizerKind::kAdamW;
  const double t = static_cast<double>(step_count_);
  const double correction = is_adamw && options_.correct_bias
                                ? std::sqrt(1 - std::pow(options_.beta2, t)) / (1 - std::pow(options_.beta1, t))
                                : 1;
  const auto& slices = parameters_.slices();
  std::vector<double> scales(slices.size());
  int64_t slice_before = -1;
  for (int64_t i = shard_pieces_[shards_.own]; i < shard_pieces_[shards_.own + 1]; ++i)
    if (const int64_t slice = pieces_[i].slice; std::exchange(slice_before, slice) != slice)
      scales[slice] = tensor_scale(slices[slice], sweep.gradient_scale);
  for_own_pieces([&](int64_t i) {
    const Piece& piece = pieces_[i];
    kernel::cpu::OptimizerStep own = sweep.step;
    own.step_size = static_cast<float>(sweep.learning_rate * correction);
    own.gradient_scale = static_cast<float>(scales[piece.slice]);
    const auto decay = static_cast<float>(sweep.learning_rate * decay_of(piece.slice));
    (is_adamw ? own.decay_after : own.decay_in_update) = decay;
    for_each_active_range(piece, [&](int64_t begin, int64_t end, bool is_active) {
      if (is_active)
        kernel::cpu::kernel_table().adam_step(own, begin, end);
      else if (decay != 0)
        kernel::cpu::kernel_table().decay_step(own, begin, end);
    });
  });
}

// The first sweep updates the moments and overwrites each gradient with the update u; the second applies
// p -= lr * ratio * u with the trust ratio of the norms of p and u.
void Optimizer::sweep_lamb(const Sweep& sweep) {
  const double t = static_cast<double>(step_count_);
  const auto& slices = parameters_.slices();
  std::vector<double> squares(2 * pieces_.size());  // of the values and the update of each piece
  kernel::cpu::OptimizerStep common = sweep.step;
  if (options_.correct_bias) {
    common.correction1 = static_cast<float>(1 / (1 - std::pow(options_.beta1, t)));
    common.correction2 = static_cast<float>(1 / (1 - std::pow(options_.beta2, t)));
  }
  for_own_pieces([&](int64_t i) {
    kernel::cpu::OptimizerStep own = common;
    own.decay_in_update = static_cast<float>(decay_of(pieces_[i].slice));
    kernel::cpu::kernel_table().lamb_update(own, pieces_[i].begin, pieces_[i].end);
    squares[2 * i] =
        kernel::cpu::kernel_table().sum_of_squares(own.parameter + pieces_[i].begin, pieces_[i].end - pieces_[i].begin);
    squares[2 * i + 1] =
        kernel::cpu::kernel_table().sum_of_squares(own.gradient + pieces_[i].begin, pieces_[i].end - pieces_[i].begin);
  });
  squares = sum_over_shards(std::move(squares));
  std::vector<double> p_squares(slices.size()), u_squares(slices.size());
  for (size_t i = 0; i < pieces_.size(); ++i) {
    p_squares[pieces_[i].slice] += squares[2 * i];
    u_squares[pieces_[i].slice] += squares[2 * i + 1];
  }
  for_own_pieces([&](int64_t i) {
    const int64_t s = pieces_[i].slice;
    const bool has_ratio = decay_of(s) != 0 && p_squares[s] > 0 && u_squares[s] > 0;
    kernel::cpu::OptimizerStep own = common;
    own.step_size =
        static_cast<float>(sweep.learning_rate * (has_ratio ? std::sqrt(p_squares[s] / u_squares[s]) : 1.0));
    kernel::cpu::kernel_table().lamb_apply(own, pieces_[i].begin, pieces_[i].end);
  });
}

at::Tensor Optimizer::gradient_norm_tensor() const {
  if (expressions_) return expressions_->gradient_norm();
  return at::scalar_tensor(gradient_norm(), at::kDouble);
}

double Optimizer::gradient_norm() const {
  if (expressions_) return gradient_norm_tensor().item<double>();
  const kernel::OperationTimer timer(kernel::Operation::kGradientNorm);
  const float* gradients = parameters_.gradients().data_ptr<float>();
  std::vector<double> sums(pieces_.size());
  for_own_pieces([&](int64_t i) {
    sums[i] =
        kernel::cpu::kernel_table().sum_of_squares(gradients + pieces_[i].begin, pieces_[i].end - pieces_[i].begin);
  });
  sums = sum_over_shards(std::move(sums));
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

double Optimizer::clip_scale(double norm, double max_norm) const {
  if (max_norm <= 0) return 1;
  return std::min(1.0, max_norm / (options_.kind == OptimizerKind::kLamb ? norm : norm + 1e-6));
}

int64_t Optimizer::step_count() const {
  return expressions_ ? static_cast<int64_t>(device_step_count_.item<double>()) : step_count_;
}

void Optimizer::restore(int64_t count) {
  step_count_ = count;
  if (expressions_) {
    device_step_count_.fill_(static_cast<double>(count));
    return;
  }
  const auto& slices = parameters_.slices();
  for (size_t s = 0; s < slices.size(); ++s)
    for (size_t row = 0; row < active_rows_[s].size(); ++row) {
      const int64_t width = slices[s].shape[1], begin = slices[s].offset + static_cast<int64_t>(row) * width;
      active_rows_[s][row] = has_nonzero(moment1_.data_ptr<float>() + begin, width) ||
                             has_nonzero(moment2_.data_ptr<float>() + begin, width);
    }
}

std::vector<Moment> Optimizer::moments() const {
  std::vector<Moment> moments;
  for (const kernel::NamedSlice& slice : parameters_.slices()) {
    if (!slice.weight->trainable) continue;
    const auto view = [&](const at::Tensor& flat) {
      return flat.narrow(0, slice.offset, slice.element_count).view(slice.shape);
    };
    moments.push_back({slice.name + ".exp_avg", view(moment1_), slice.offset});
    moments.push_back({slice.name + ".exp_avg_sq", view(moment2_), slice.offset});
  }
  return moments;
}

}  // namespace retort::optim
