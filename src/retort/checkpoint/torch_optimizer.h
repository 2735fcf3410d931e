// The state of an optimizer in a training program's PyTorch file: {"model": state dict, "optimizer": torch's
// Optimizer.state_dict(), "master params": list of tensors}, as NVIDIA's run_pretraining.py writes ckpt_<step>.pt.
// Moments and master parameters have numbers there, in the order of the parameter groups; here they have the names of
// the model's tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "retort/checkpoint/torch_file.h"

namespace retort::checkpoint {

struct TorchOptimizerContent {
  std::vector<NamedTensor> first_moments, second_moments;  // exp_avg, exp_avg_sq; parameters without a state are absent
  std::vector<NamedTensor> masters;  // the float32 parameters of a model in half precision; empty: the model's are it
  std::optional<int64_t> step;       // updates done
  std::vector<std::unique_ptr<std::byte[]>> rearranged;
};

// A mapped file with the state of an optimizer; the tensors are valid while the object lives.
class TorchOptimizerFile {
 public:
  // Throws UserError when the file has no such state, when the groups hold other numbers or shapes of parameters than
  // the model, and as parse_torch_file.
  explicit TorchOptimizerFile(const fs::path& path);
  const TorchOptimizerContent& content() const { return content_; }

 private:
  MappedFile file_;
  TorchOptimizerContent content_;
};

// Whether the file has an entry "optimizer".
bool has_optimizer(const fs::path& path);

}  // namespace retort::checkpoint
