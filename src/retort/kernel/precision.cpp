#include "retort/kernel/precision.h"

#include "retort/base/error.h"
#include "retort/kernel/cpu/kernel_table.h"
#include "retort/kernel/device.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/open_device.h"

namespace retort::kernel {

Precision parse_precision(const std::string& word) {
  if (word == "fp32") return Precision::kFloat32;
  if (word == "bf16") return Precision::kBf16;
  if (word == "fp16") {
    if (engine().is_fused())
      throw UserError("`precision` must be bf16 or fp32 on the processor, but is fp16; give --precision bf16");
    return Precision::kFp16;
  }
  if (word != "auto") throw UserError("`precision` must be auto, bf16, fp16 or fp32, but is `{}`", word);
  if (const DeviceLibrary* const library = device_library())
    return library->multiplies_bf16(device().index()) ? Precision::kBf16 : Precision::kFloat32;
  const std::string instruction_set = cpu::kernel_table().name;
  return instruction_set == "amx" || instruction_set == "avx512_bf16" ? Precision::kBf16 : Precision::kFloat32;
}

}  // namespace retort::kernel
