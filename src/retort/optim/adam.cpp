#include "retort/optim/adam.h"

#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <map>

#include "retort/base/thread.h"
#include "retort/kernel/cpu/table.h"

namespace retort::optim {

namespace {

constexpr int64_t kPieceElements = 1 << 16;  // 256 KiB of each buffer

}  // namespace

Adam::Adam(kernel::ParameterStore& parameters, AdamOptions options)
    : parameters_(parameters), options_(std::move(options)) {
  moment1_ = at::zeros_like(parameters.values());
  moment2_ = at::zeros_like(parameters.values());
  for (const kernel::NamedSlice& slice : parameters.slices()) {
    if (!slice.weight->trainable) continue;
    const int64_t end = slice.offset + slice.element_count;
    for (int64_t begin = slice.offset; begin < end; begin += kPieceElements)
      pieces_.push_back({&slice, begin, std::min(end, begin + kPieceElements)});
  }
}

bool Adam::decays(const std::string& name) const {
  for (const std::string& part : options_.no_decay)
    if (name.find(part) != std::string::npos) return false;
  return true;
}

double Adam::tensor_scale(const kernel::NamedSlice& slice, double gradient_scale) const {
  if (options_.kind != AdamKind::kBertAdam || options_.tensor_max_norm <= 0) return gradient_scale;
  const float* gradient = parameters_.gradients().data_ptr<float>() + slice.offset;
  const double norm = std::sqrt(kernel::cpu::table().sum_of_squares(gradient, slice.element_count)) * gradient_scale;
  return gradient_scale * std::min(1.0, options_.tensor_max_norm / (norm + 1e-6));
}

void Adam::step(double learning_rate, double gradient_scale) {
  ++step_count_;
  const bool is_adamw = options_.kind == AdamKind::kAdamW;
  const double t = static_cast<double>(step_count_);
  const double correction = is_adamw && options_.correct_bias
                                ? std::sqrt(1 - std::pow(options_.beta2, t)) / (1 - std::pow(options_.beta1, t))
                                : 1;
  std::map<const kernel::NamedSlice*, double> scales;
  for (const Piece& piece : pieces_)
    if (piece.begin == piece.slice->offset) scales[piece.slice] = tensor_scale(*piece.slice, gradient_scale);
  const at::Tensor copies = parameters_.copies();
  kernel::cpu::AdamStep common;
  common.parameter = parameters_.values().data_ptr<float>();
  common.gradient = parameters_.gradients().data_ptr<float>();
  common.moment1 = moment1_.data_ptr<float>(), common.moment2 = moment2_.data_ptr<float>();
  common.copy = copies.defined() ? static_cast<kernel::cpu::Bf16*>(copies.data_ptr()) : nullptr;
  common.beta1 = static_cast<float>(options_.beta1), common.beta2 = static_cast<float>(options_.beta2);
  common.rest1 = static_cast<float>(1 - options_.beta1), common.rest2 = static_cast<float>(1 - options_.beta2);
  common.epsilon = static_cast<float>(options_.epsilon);
  common.step_size = static_cast<float>(learning_rate * correction);
  parallel_for(static_cast<int64_t>(pieces_.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const Piece& piece = pieces_[i];
      kernel::cpu::AdamStep own = common;
      own.gradient_scale = static_cast<float>(scales.at(piece.slice));
      const auto decay = static_cast<float>(decays(piece.slice->name) ? learning_rate * options_.weight_decay : 0);
      (is_adamw ? own.decay_after : own.decay_in_update) = decay;
      kernel::cpu::table().adam_step(own, piece.begin, piece.end);
    }
  });
}

double Adam::gradient_norm() const {
  const float* gradients = parameters_.gradients().data_ptr<float>();
  std::vector<double> sums(pieces_.size());
  parallel_for(static_cast<int64_t>(pieces_.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i)
      sums[i] = kernel::cpu::table().sum_of_squares(gradients + pieces_[i].begin, pieces_[i].end - pieces_[i].begin);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

std::vector<Moment> Adam::moments() const {
  std::vector<Moment> moments;
  for (const kernel::NamedSlice& slice : parameters_.slices()) {
    if (!slice.weight->trainable) continue;
    const auto view = [&](const at::Tensor& flat) {
      return flat.narrow(0, slice.offset, slice.element_count).view(slice.shape);
    };
    moments.push_back({slice.name + ".exp_avg", view(moment1_)});
    moments.push_back({slice.name + ".exp_avg_sq", view(moment2_)});
  }
  return moments;
}

}  // namespace retort::optim
