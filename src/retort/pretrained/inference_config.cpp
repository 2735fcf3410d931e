#include "retort/pretrained/inference_config.h"

namespace retort::pretrained {

void InferenceConfig::fields(FieldList& list) {
  list.group("Running");
  list.add("precision", precision,
           {.help = "bf16, fp32, or auto: bf16 where the processor multiplies bfloat16.",
            .choices = {"auto", "bf16", "fp32"}});
  list.add("max_tokens_per_batch", max_tokens_per_batch,
           {.help = "Most tokens of a batch.", .unit = "tokens", .min = 1});
  list.add(
      "kernels", kernels,
      {.help = "fused CPU loops, or the plain reference they are checked against.", .choices = {"fused", "reference"}});
  list.add("threads", threads, {.help = "Threads; 0: as many as the machine grants.", .min = 0, .max = 1024});
}

}  // namespace retort::pretrained
