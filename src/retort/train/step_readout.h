// Numbers of an optimizer step that are computed on the device, such as its losses: they are added up there and come to
// the host in one copy, so that a step waits for the device at most once.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace retort::train {

class StepReadout {
 public:
  // Adds scalar / divisor, computed in float64, to the number of this name.
  void add(const std::string& name, const at::Tensor& scalar, double divisor = 1);
  // Replaces the number by one of the host.
  void set(const std::string& name, double value);
  // A float64 scalar on the device; zero for a name without a number.
  at::Tensor get(const std::string& name) const;
  // All numbers by name. It waits for the device.
  std::map<std::string, double> read() const { return std::move(read_all({this}).front()); }
  // The same of several readouts, in one copy.
  static std::vector<std::map<std::string, double>> read_all(const std::vector<const StepReadout*>& readouts);

 private:
  std::map<std::string, at::Tensor> sums_;  // float64 scalars
};

}  // namespace retort::train
