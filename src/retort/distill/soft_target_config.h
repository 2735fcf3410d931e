// The weights of a teacher's soft targets and of the labels in a student's loss.
#pragma once

#include "retort/base/fields.h"

namespace retort::distill {

struct SoftTargetConfig {
  double alpha_ce = 0.5, alpha_squad = 0.5;
  double temperature = 2;

  void fields(FieldList& list) {
    list.group("Distillation");
    list.add("alpha_ce", alpha_ce, {.help = "Weight of the teacher's soft targets.", .min = 0, .max = 1e6});
    list.add("alpha_squad", alpha_squad, {.help = "Weight of the labels.", .min = 0, .max = 1e6});
    list.add("temperature", temperature,
             {.help = "Temperature of both softmax distributions; above 0.", .min = 1e-3, .max = 1e6});
  }
  bool needs_teacher() const { return alpha_ce > 0; }
  // Throws UserError when both weights are 0.
  void check() const;
};

}  // namespace retort::distill
