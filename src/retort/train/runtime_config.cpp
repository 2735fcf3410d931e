#include "retort/train/runtime_config.h"

namespace retort::train {

void RuntimeConfig::fields(FieldList& list) {
  list.add("device", device,
           {.help = "auto, cpu, cuda or cuda:N; auto: cuda where a driver and what it needs are there, else cpu."});
  list.add(
      "precision", precision,
      {.help = "bf16: products in bfloat16, parameters and statistics in float32; fp16: the same in half precision "
               "with a loss scale, on a card; auto: bf16 where the device has it.",
       .choices = {"auto", "bf16", "fp16", "fp32"}});
  list.add("hmp_bf16", hmp_bf16,
           {.help = "Operators of mixed precision in bfloat16: a file with one a line, or the published lists bert and "
                    "distilbert. Only those of matmuls make a difference."});
  list.add("hmp_fp32", hmp_fp32, {.help = "The same for operators in float32."});
  list.add("hmp_opt_level", hmp_opt_level,
           {.help = "O1: the lists decide; O2: matmuls in bfloat16, whatever the lists say.", .choices = {"O1", "O2"}});
  list.add("hmp_verbose", hmp_verbose, {.help = "Log the precision of each operation, and what decides it."});
  list.add("tf32", tf32,
           {.help = "Float32 products of a CUDA device with 10 bits of mantissa (TF32); no effect on a processor."});
  list.add(
      "kernels", kernels,
      {.help = "fused loops of the processor, or the tensor expressions of other devices, with which they are checked.",
       .choices = {"fused", "reference"}});
  list.add("threads", threads,
           {.help = "Threads; 0: as many as the machine grants, shared by the processes of the run.",
            .min = 0,
            .max = 1024});
}

}  // namespace retort::train
