#include "retort/pretrained/inference_config.h"

namespace retort::pretrained {

void InferenceConfig::fields(FieldList& list) {
  list.group("Runtime");
  RuntimeConfig::fields(list);
  list.add("max_tokens_per_batch", max_tokens_per_batch,
           {.help = "Maximum number of tokens per batch.", .unit = "tokens", .min = 1});
}

}  // namespace retort::pretrained
