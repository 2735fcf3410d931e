#include "retort/train/step_readout.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include "retort/kernel/device.h"

namespace retort::train {

void StepReadout::add(const std::string& name, const at::Tensor& scalar, double divisor) {
  const at::Tensor value = scalar.detach().to(at::kDouble), share = divisor == 1 ? value : value / divisor;
  at::Tensor& sum = sums_[name];
  sum = sum.defined() ? sum + share : share;
}

void StepReadout::set(const std::string& name, double value) {
  sums_[name] = at::full({}, value, at::TensorOptions().dtype(at::kDouble).device(kernel::device()));
}

at::Tensor StepReadout::get(const std::string& name) const {
  const auto found = sums_.find(name);
  return found != sums_.end() ? found->second
                              : at::zeros({}, at::TensorOptions().dtype(at::kDouble).device(kernel::device()));
}

std::vector<std::map<std::string, double>> StepReadout::read_all(const std::vector<const StepReadout*>& readouts) {
  std::vector<at::Tensor> all;
  for (const StepReadout* readout : readouts)
    for (const auto& [name, sum] : readout->sums_) all.push_back(sum);
  const at::Tensor host = all.empty() ? at::Tensor() : at::stack(all).cpu();
  const double* next = host.defined() ? host.data_ptr<double>() : nullptr;
  std::vector<std::map<std::string, double>> numbers(readouts.size());
  for (size_t i = 0; i < readouts.size(); ++i)
    for (const auto& [name, sum] : readouts[i]->sums_) numbers[i][name] = *next++;
  return numbers;
}

}  // namespace retort::train
