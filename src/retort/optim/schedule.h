// Learning-rate schedules as pure functions of the step. `update` counts from 1. The Hugging Face forms use
// update - 1 (their scheduler steps after the optimizer, so with warm-up the first update has rate 0), the NVIDIA forms
// update / total (their scheduler steps before it, so the last update has rate 0).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace retort::optim {

enum class ScheduleKind {
  kLinear,              // HF: warm-up, then linear to 0
  kConstant,            // 1
  kConstantWithWarmup,  // HF: warm-up, then 1
  kCosine,              // HF: warm-up, then half a cosine to 0
  kNvidiaLinear,        // x/w, then (1-x)/(1-w)
  kNvidiaPolynomial,    // x/w, then (1-x)^0.5
  kNvidiaConstant,      // x/w, then 1
  kNvidiaCosine,        // x/w, then (1 + cos(pi x)) / 2
};

struct Schedule {
  ScheduleKind kind = ScheduleKind::kLinear;
  int64_t total_steps = 1;
  double warmup_steps = 0;  // HF forms: whole steps; NVIDIA forms: warmup_steps / total_steps is the proportion

  // The factor on the base learning rate at update 1..total_steps (0 after the end).
  double factor(int64_t update) const;
};

// Converts a warm-up that is a share of all steps into steps. NVIDIA's schedules use the share itself, the others round
// up to whole steps.
double warmup_steps_of(ScheduleKind kind, double share, int64_t total_steps);

// Takes the names of lr_scheduler_type: linear, constant, constant_with_warmup, cosine, nvidia_linear, nvidia_poly,
// nvidia_constant, nvidia_cosine. Throws UserError for other names.
ScheduleKind parse_schedule(const std::string& name);
const std::vector<std::string>& schedule_names();

}  // namespace retort::optim
