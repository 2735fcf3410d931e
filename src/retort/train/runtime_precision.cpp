#include "retort/train/runtime_precision.h"

#include "retort/base/log.h"

namespace retort::train {

namespace {

kernel::OpListSettings op_list_settings(const RuntimeConfig& runtime) {
  return {.bf16 = runtime.hmp_bf16, .fp32 = runtime.hmp_fp32, .opt_level = runtime.hmp_opt_level};
}

bool has_own_lists(const RuntimeConfig& runtime) {
  const RuntimeConfig standard;
  return runtime.hmp_bf16 != standard.hmp_bf16 || runtime.hmp_fp32 != standard.hmp_fp32;
}

}  // namespace

kernel::Precision precision_of(const RuntimeConfig& runtime) {
  const kernel::Precision wanted = kernel::parse_precision(runtime.precision);
  if (wanted != kernel::Precision::kBf16) return wanted;
  return precision_plan(runtime).has_bf16_products ? wanted : kernel::Precision::kFloat32;
}

kernel::PrecisionPlan precision_plan(const RuntimeConfig& runtime) {
  switch (kernel::parse_precision(runtime.precision)) {
    case kernel::Precision::kFloat32:
      return kernel::plan_precisions("fp32");
    case kernel::Precision::kFp16:
      return kernel::plan_precisions("fp16");
    case kernel::Precision::kBf16:
      break;
  }
  const kernel::OpListSettings settings = op_list_settings(runtime);
  return kernel::plan_precisions(settings, kernel::load_op_lists(settings));
}

std::optional<kernel::Precision> own_attention_precision(const RuntimeConfig& runtime) {
  const kernel::PrecisionPlan plan = precision_plan(runtime);
  if (plan.has_bf16_attention == plan.has_bf16_products) return std::nullopt;
  return plan.has_bf16_attention ? kernel::Precision::kBf16 : kernel::Precision::kFloat32;
}

void report_precision(const RuntimeConfig& runtime) {
  const kernel::Precision wanted = kernel::parse_precision(runtime.precision);
  const kernel::PrecisionPlan plan = precision_plan(runtime);
  const bool is_bf16 = wanted == kernel::Precision::kBf16;
  if (has_own_lists(runtime) && !is_bf16)
    log_info("`hmp_bf16` and `hmp_fp32` have no effect: the run is in {}",
             wanted == kernel::Precision::kFp16 ? "fp16" : "fp32");
  if (has_own_lists(runtime) && is_bf16 && runtime.hmp_opt_level == "O2")
    log_info("`hmp_bf16` and `hmp_fp32` have no effect with `hmp_opt_level` O2");
  for (const std::string& warning : plan.warnings) log_warning("{}", warning);
  if (is_bf16 && !plan.has_bf16_products)
    log_info("the op lists make this a run in fp32{}",
             plan.has_bf16_attention ? ", but for attention in bf16, whose input and output are cast" : "");
  if (plan.has_bf16_products && !plan.has_bf16_attention)
    log_info("the op lists put attention into fp32: its input and output are cast, which is slower");
  if (!runtime.hmp_verbose) return;
  for (const std::string& line : kernel::plan_lines(plan)) log_info("{}", line);
}

}  // namespace retort::train
