#include "retort/distill/soft_target_config.h"

#include "retort/base/error.h"

namespace retort::distill {

void SoftTargetConfig::check() const {
  if (alpha_ce + alpha_squad > 0) return;
  throw UserError("`alpha_ce` + `alpha_squad` must be above 0, but is 0; set one of them above 0");
}

}  // namespace retort::distill
