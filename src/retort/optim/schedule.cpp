#include "retort/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "retort/base/error.h"

namespace retort::optim {

namespace {

struct Name {
  const char* name;
  ScheduleKind kind;
};

constexpr Name kNames[] = {{"linear", ScheduleKind::kLinear},
                           {"constant", ScheduleKind::kConstant},
                           {"constant_with_warmup", ScheduleKind::kConstantWithWarmup},
                           {"cosine", ScheduleKind::kCosine},
                           {"nvidia_linear", ScheduleKind::kNvidiaLinear},
                           {"nvidia_poly", ScheduleKind::kNvidiaPolynomial},
                           {"nvidia_constant", ScheduleKind::kNvidiaConstant},
                           {"nvidia_cosine", ScheduleKind::kNvidiaCosine}};

}  // namespace

const std::vector<std::string>& schedule_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Name& name : kNames) all.push_back(name.name);
    return all;
  }();
  return names;
}

ScheduleKind parse_schedule(const std::string& name) {
  for (const Name& known : kNames)
    if (name == known.name) return known.kind;
  throw UserError(
      "`lr_scheduler_type` must be linear, constant, constant_with_warmup, cosine or an nvidia_ form, but is `{}`",
      name);
}

double Schedule::factor(int64_t update) const {
  const double total = static_cast<double>(total_steps), s = static_cast<double>(update - 1);
  const double warm = std::max(1.0, warmup_steps), rest = std::max(1.0, total - warmup_steps);
  const double x = static_cast<double>(update) / total, w = warmup_steps / total;
  switch (kind) {
    case ScheduleKind::kConstant:
      return 1;
    case ScheduleKind::kLinear:
      return s < warmup_steps ? s / warm : std::max(0.0, (total - s) / rest);
    case ScheduleKind::kConstantWithWarmup:
      return s < warmup_steps ? s / warm : 1;
    case ScheduleKind::kCosine:
      return s < warmup_steps ? s / warm
                              : std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * (s - warmup_steps) / rest)));
    case ScheduleKind::kNvidiaLinear:
      // When the warm-up takes all steps, no step is left for the decay.
      return x < w || w >= 1 ? std::min(x / w, 1.0) : std::max((x - 1) / (w - 1), 0.0);
    case ScheduleKind::kNvidiaPolynomial:
      return x < w ? x / w : std::sqrt(std::max(0.0, 1 - x));
    case ScheduleKind::kNvidiaConstant:
      return x < w ? x / w : 1;
    case ScheduleKind::kNvidiaCosine:
      return x < w ? x / w : 0.5 * (1 + std::cos(std::numbers::pi * x));
  }
  return 0;
}

double warmup_steps_of(ScheduleKind kind, double share, int64_t total_steps) {
  const double steps = share * static_cast<double>(total_steps);
  switch (kind) {
    case ScheduleKind::kNvidiaLinear:
    case ScheduleKind::kNvidiaPolynomial:
    case ScheduleKind::kNvidiaConstant:
    case ScheduleKind::kNvidiaCosine:
      return steps;
    default:
      return std::ceil(steps);
  }
}

}  // namespace retort::optim
