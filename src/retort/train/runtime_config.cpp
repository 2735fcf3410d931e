#include "retort/train/runtime_config.h"

namespace retort::train {

void RuntimeConfig::fields(FieldList& list) {
  list.add(
      "precision", precision,
      {.help =
           "bf16: products in bfloat16, parameters and statistics in float32; auto: bf16 where the processor has it.",
       .choices = {"auto", "bf16", "fp32"}});
  list.add(
      "kernels", kernels,
      {.help = "fused CPU loops, or the plain reference they are checked against.", .choices = {"fused", "reference"}});
  list.add("threads", threads,
           {.help = "Threads; 0: as many as the machine grants, shared by the processes of the run.",
            .min = 0,
            .max = 1024});
}

}  // namespace retort::train
