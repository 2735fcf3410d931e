// The precision that a run's settings give: --precision, and the op lists of mixed precision.
#pragma once

#include <optional>

#include "retort/kernel/op_lists.h"
#include "retort/train/runtime_config.h"

namespace retort::train {

// As kernel::parse_precision, but fp32 where the op lists ask for it. Throws as that and kernel::load_op_lists.
kernel::Precision precision_of(const RuntimeConfig& runtime);

// What runs in which precision. Reads the lists where they matter: in bf16. Throws UserError as kernel::parse_precision
// and kernel::load_op_lists do.
kernel::PrecisionPlan precision_plan(const RuntimeConfig& runtime);

// The precision of attention where the lists give it another than precision_of; else empty.
std::optional<kernel::Precision> own_attention_precision(const RuntimeConfig& runtime);

// Logs what the lists change, what they cannot change and, with --hmp_verbose, the table of the operations.
void report_precision(const RuntimeConfig& runtime);

}  // namespace retort::train
